/**
 * Where a listener listens, as it is written: `tcp://HOST:PORT`, `tls://HOST:PORT` or `unix:///PATH`.
 */
import { resolve } from 'node:path';

export type ListenAddress =
  /** `localhost`: both addresses of this machine alone, where it has both. Port 0 takes a free one. */
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** A client may take `localhost` for an address of either family: it stands for both. */
export const LOCALHOST = 'localhost';
export const AMQP_PORT = 5672;
export const AMQPS_PORT = 5671;
export const PORT_MAX = 65_535;

/** Reads an address; null: it is none. */
export function parseAddress(text: string): ListenAddress | null {
  const [, path] = /^unix:\/\/(\/[^\0]*[^\0/])$/.exec(text) ?? [];
  if (path !== undefined) return { kind: 'unix', path: resolve(path) };
  const [, kind, ipv6, name, digits] =
    /^(tcp|tls):\/\/(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = ipv6 ?? name;
  const standardPort = kind === 'tls' ? AMQPS_PORT : AMQP_PORT;
  const port = digits === undefined ? standardPort : Number(digits);
  return host === undefined || port > PORT_MAX ? null : { kind: kind === 'tls' ? 'tls' : 'tcp', host, port };
}

export function addressText(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `${address.kind}://${hostText(address.host)}:${address.port}`;
}

/** A host as addresses contain it. */
export function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
