/** Where a broker listens, once it does, and what clients are told of that. */
import type { Beginning } from '../../broker/coordinator/beginning.js';
import { DEFAULT_VHOST } from '../../broker/requests/names.js';
import { hostText, LOOPBACK, type NetworkKind, SCHEMES } from './address.js';

interface NetworkAddress<K extends NetworkKind> {
  readonly kind: K;
  readonly hosts: readonly string[];
  readonly port: number;
}

/** Where a listener listens, once it does. */
export type BoundAddress =
  /** `hosts` have one port. */
  { [K in NetworkKind]: NetworkAddress<K> }[NetworkKind] | { readonly kind: 'unix'; readonly path: string };

/** Where clients find it. */
export function boundText(bound: BoundAddress): string {
  if (bound.kind === 'unix') return `unix://${bound.path}`;
  return bound.hosts.map((host) => `${SCHEMES[bound.kind]}://${hostText(host)}:${bound.port}`).join(' and ');
}

/** A URL for clients of this machine, by TCP or else by TLS; '': there is no such listener. */
export function clientUrl(listeners: readonly BoundAddress[], { user, password, vhost }: Beginning): string {
  const bound = listeners.find(({ kind }) => kind === 'tcp') ?? listeners.find(({ kind }) => kind === 'tls');
  if (bound === undefined || bound.kind === 'unix') return '';
  const who = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const where = `${hostText(reachable(bound.hosts[0] ?? LOOPBACK))}:${bound.port}`;
  const path = vhost === DEFAULT_VHOST ? '' : `/${encodeURIComponent(vhost)}`;
  return `${SCHEMES[bound.kind]}://${who}@${where}${path}`;
}

/** Who listens on all addresses is called by this machine's own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return LOOPBACK;
  return host === '::' ? '::1' : host;
}
