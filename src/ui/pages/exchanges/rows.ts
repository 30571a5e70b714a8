/** What the API tells of exchanges and bindings, as far as these pages show it. */
import { pathOf } from '../../api/client.js';
import { href } from '../../api/route.js';
import type { Details } from '../../components/charts/history.js';

export interface Exchange {
  /** Empty: the default exchange. */
  readonly name: string;
  readonly vhost: string;
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly internal: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The one in force, where there is one. */
  readonly policy?: string;
  readonly message_stats?: {
    readonly publish_in?: number;
    readonly publish_out?: number;
    readonly publish_in_details?: Details;
    readonly publish_out_details?: Details;
  };
}

export interface Binding {
  readonly source: string;
  readonly vhost: string;
  readonly destination: string;
  readonly destination_type: 'queue' | 'exchange';
  readonly routing_key: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly properties_key: string;
}

/** As paths call the default exchange, which has no name. */
const DEFAULT = 'amq.default';

export function shownName(name: string): string {
  return name === '' ? '(default exchange)' : name;
}

/** What paths call it. */
function inPath(name: string): string {
  return name === '' ? DEFAULT : name;
}

/** By which it is found in the API. */
export function exchangePath(vhost: string, name: string, ...more: readonly string[]): string {
  return pathOf('/api/exchanges', vhost, inPath(name), ...more);
}

/** Its page. */
export function exchangeHref(vhost: string, name: string): string {
  return href('exchanges', vhost, inPath(name));
}

export function bindingsPath({ vhost, source, destination_type: type, destination }: Ends): string {
  return pathOf('/api/bindings', vhost, 'e', inPath(source), type === 'queue' ? 'q' : 'e', destination);
}

type Ends = Pick<Binding, 'vhost' | 'source' | 'destination_type' | 'destination'>;

/** Nobody may delete it, or bind to it. */
export function isDefault({ name }: Pick<Exchange, 'name'>): boolean {
  return name === '';
}

/** Those that each vhost has from the beginning. */
export function isBuiltIn({ name }: Pick<Exchange, 'name'>): boolean {
  return name === '' || name.startsWith('amq.');
}
