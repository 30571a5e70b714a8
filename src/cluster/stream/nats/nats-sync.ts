/**
 * Finds out whether the servers of a stream sync before they acknowledge. JetStream tells its users nothing of that;
 * the servers tell it to the system account, and on their monitoring ports. What must hold: a server that is not asked,
 * or does not answer, is not known, and is never taken for one that syncs.
 */
import type { NatsAddress, NatsLogin } from './nats-connection.js';
import { connectNats } from './nats-connection.js';
import type { NatsPackages } from './nats-packages.js';
import { SYNC_ALWAYS, type SyncByServer } from './nats-strength.js';

/** Who may ask: a login of the system account, or `http://HOST:PORT` of the servers' monitoring ports. */
export interface SyncSources {
  readonly system?: NatsLogin;
  readonly monitors?: readonly string[];
}

/** How long servers may take to answer (ms). */
const ANSWERS = 2000;
const NANOS_OF_SECOND = 1e9;

/** What a server says of itself: `/varz`, as far as we read it. */
interface Varz {
  readonly server_name?: string;
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean; readonly sync_interval?: number } };
}

export async function syncOf(
  servers: readonly string[],
  packages: NatsPackages,
  address: NatsAddress,
  { system, monitors }: SyncSources,
): Promise<SyncByServer> {
  const told = [
    ...(system === undefined ? [] : await askSystem(servers.length, packages, { ...address, login: system })),
    ...(await Promise.all((monitors ?? []).map(askMonitor))),
  ];
  const sync = new Map<string, string | null>(servers.map((server) => [server, null]));
  for (const varz of told) {
    const name = varz?.server_name;
    if (name !== undefined && sync.has(name)) sync.set(name, howOf(varz));
  }
  return sync;
}

function howOf(varz: Varz | null): string | null {
  const config = varz?.jetstream?.config;
  if (config === undefined) return null;
  if (config.sync_always === true) return SYNC_ALWAYS;
  // Servers that do not know the setting do not name it either.
  return config.sync_interval === undefined ? 'at times' : `every ${config.sync_interval / NANOS_OF_SECOND} s`;
}

async function askSystem(servers: number, packages: NatsPackages, address: NatsAddress): Promise<(Varz | null)[]> {
  const connection = await connectNats(packages, address, 'leveret, how servers sync');
  try {
    const answers = await connection.requestMany('$SYS.REQ.SERVER.PING.VARZ', '', {
      strategy: 'count',
      maxMessages: servers,
      maxWait: ANSWERS,
    });
    const told: (Varz | null)[] = [];
    for await (const answer of answers) told.push(answer.json<{ data?: Varz }>().data ?? null);
    return told;
  } catch {
    // Not of the system account: what it may not ask stays unknown.
    return [];
  } finally {
    await connection.close();
  }
}

async function askMonitor(address: string): Promise<Varz | null> {
  try {
    const answer = await fetch(new URL('/varz', address), { signal: AbortSignal.timeout(ANSWERS) });
    return answer.ok ? ((await answer.json()) as Varz) : null;
  } catch {
    return null;
  }
}
