/**
 * Where a listener listens, as it is written: `tcp://HOST:PORT`, `tls://`, `ws://` or `wss://HOST:PORT`, or
 * `unix:///PATH`.
 */
import { resolve } from 'node:path';

/** What is spoken below AMQP on a port: TCP, TLS, WebSocket, WebSocket over TLS. */
export type NetworkKind = 'tcp' | 'tls' | 'ws' | 'wss';

export type ListenAddress =
  /** `localhost`: both addresses of this machine alone, where it has both. Port 0 takes a free one. */
  | { readonly kind: NetworkKind; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** A client may take `localhost` for an address of either family: it stands for both. */
export const LOCALHOST = 'localhost';
/** This machine alone, on every machine. */
export const LOOPBACK = '127.0.0.1';
export const AMQP_PORT = 5672;
export const AMQPS_PORT = 5671;
export const MANAGEMENT_PORT = 15_672;
/** Those of WebSocket as later versions of RabbitMQ have them. */
const STANDARD_PORTS: Readonly<Record<NetworkKind, number>> = {
  tcp: AMQP_PORT,
  tls: AMQPS_PORT,
  ws: 15_678,
  wss: 15_677,
};
/** How clients call what they connect to. */
export const SCHEMES: Readonly<Record<NetworkKind, string>> = { tcp: 'amqp', tls: 'amqps', ws: 'ws', wss: 'wss' };
export const NETWORK_KINDS = Object.keys(STANDARD_PORTS) as readonly NetworkKind[];
export const PORT_MAX = 65_535;

/** Reads an address; null: it is none. */
export function parseAddress(text: string): ListenAddress | null {
  const [, path] = /^unix:\/\/(\/[^\0]*[^\0/])$/.exec(text) ?? [];
  if (path !== undefined) return { kind: 'unix', path: resolve(path) };
  const [, kind, ipv6, name, digits] =
    /^(\w+):\/\/(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || !isNetworkKind(kind)) return null;
  const port = digits === undefined ? STANDARD_PORTS[kind] : Number(digits);
  return port > PORT_MAX ? null : { kind, host, port };
}

function isNetworkKind(kind: string | undefined): kind is NetworkKind {
  return NETWORK_KINDS.some((known) => known === kind);
}

/** Whether clients of a listener of this kind do TLS first. */
export function doesTls({ kind }: Pick<ListenAddress, 'kind'>): boolean {
  return kind === 'tls' || kind === 'wss';
}

export function addressText(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `${address.kind}://${hostText(address.host)}:${address.port}`;
}

/** A host as addresses contain it. */
export function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
