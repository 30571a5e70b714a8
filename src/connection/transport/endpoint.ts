/**
 * The two ends of a transport: what they are called, and whether they are on this machine.
 */

export type Endpoint =
  | {
      readonly kind: 'tcp';
      readonly address: string;
      readonly port: number;
      /** It is not known to be on this machine, whatever the address: a proxy stands between. */
      readonly isElsewhere?: boolean;
    }
  /** Both ends go by the listener's path: clients have none. */
  | { readonly kind: 'unix'; readonly path: string }
  /** The program that embeds the broker, and the broker to it. */
  | { readonly kind: 'program' };

/** Where the program is, for people. */
const IN_PROCESS = 'in-process';

/** Both ends of a transport; null: the socket is gone. */
export interface Ends {
  /** The client's. */
  readonly peer: Endpoint | null;
  /** The broker's. */
  readonly local: Endpoint | null;
}

/** What a socket by TCP, or one over it, says of its ends. */
export interface Addressed {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

export function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Addressed): Ends {
  return { peer: tcpEndpoint(remoteAddress, remotePort), local: tcpEndpoint(localAddress, localPort) };
}

function tcpEndpoint(address: string | undefined, port: number | undefined): Endpoint | null {
  return address === undefined || port === undefined ? null : { kind: 'tcp', address, port };
}

/** Whether who is there is on this machine. Who is gone is nowhere. */
export function isOnThisMachine(endpoint: Endpoint | null): boolean {
  if (endpoint?.kind !== 'tcp') return endpoint !== null;
  return isLoopback(endpoint.address) && endpoint.isElsewhere !== true;
}

/** Where somebody is, without the port, the same for both ways in which a version 4 address is written. */
export function hostText(endpoint: Endpoint | null): string {
  if (endpoint === null) return 'nowhere';
  if (endpoint.kind === 'program') return IN_PROCESS;
  return endpoint.kind === 'unix' ? endpoint.path : endpoint.address.replace(/^::ffff:(?=\d+\.)/, '');
}

/** Whether an address is this machine's own, in either family. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/** An end, as the log names it. */
export function endpointText(endpoint: Endpoint | null): string {
  if (endpoint === null) return 'an address that is not known';
  if (endpoint.kind !== 'tcp') return hostText(endpoint);
  const { address, port } = endpoint;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
