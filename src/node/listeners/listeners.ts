/**
 * The listeners of a broker, each with an address and a kind. This folder opens them and gives away what they accept;
 * the broker's composition imports it, and the command for its addresses. What must hold: all are open, or none is.
 */
import { addressText, type ListenAddress } from './address.js';
import type { BoundAddress } from './bound.js';
import type { IsProxy } from './proxies.js';
import type { Accept, Dup } from './server.js';
import { listenOnTcp } from './tcp.js';
import { listenOnUnix } from './unix.js';

export interface Listener {
  readonly bound: BoundAddress;
  /** Accepts no more; connections that were given away live on. */
  close(): Promise<void>;
}

/** A listener cannot be opened; the message names it and says why. */
export class ListenError extends Error {
  constructor(address: ListenAddress | string, reason: string) {
    super(`cannot listen on ${typeof address === 'string' ? address : addressText(address)}: ${reason}`);
  }
}

/** Opens all of them, one after the other. Those that are open are closed again when one cannot be had.
 * `isProxy`: who says for whom it has connected; null: nobody does. */
export async function openListeners(
  addresses: readonly ListenAddress[],
  dup: Dup | null,
  accept: Accept,
  isProxy: IsProxy | null = null,
): Promise<readonly Listener[]> {
  const open: Listener[] = [];
  try {
    for (const [index, address] of addresses.entries()) {
      if (isProxy !== null && dup === null)
        throw new ListenError(address, 'PROXY headers are not read on this platform');
      if (isTwice(addresses, index)) throw new ListenError(address, 'it is named twice');
      open.push(await openListener(address, dup, accept, isProxy));
    }
    return open;
  } catch (error) {
    await closeListeners(open);
    throw error;
  }
}

export async function closeListeners(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close()));
}

/** Whether an address has been named before; a free port is another one each time. */
function isTwice(addresses: readonly ListenAddress[], index: number): boolean {
  const address = addresses[index];
  if (address === undefined || (address.kind !== 'unix' && address.port === 0)) return false;
  return addresses.slice(0, index).some((before) => addressText(before) === addressText(address));
}

async function openListener(
  address: ListenAddress,
  dup: Dup | null,
  accept: Accept,
  isProxy: IsProxy | null,
): Promise<Listener> {
  try {
    return address.kind === 'unix'
      ? await listenOnUnix(address.path, dup, accept)
      : await listenOnTcp(address, dup, accept, isProxy);
  } catch (error) {
    throw new ListenError(address, error instanceof Error ? error.message : String(error));
  }
}
