/** How `status` and `cluster_status` are written for people: parts with titles, and what stands in several of them. */

export interface Part {
  readonly title: string;
  /** None: there is no such thing. */
  readonly lines: readonly string[];
}

export function partsText(parts: readonly Part[]): string {
  return parts
    .map(({ title, lines }) => `${title}\n\n${lines.length === 0 ? '(none)' : lines.join('\n')}`)
    .join('\n\n');
}

const GB = 1_000_000_000;

/** As rabbitmqctl writes octets: at most four places, at least one. */
export function inGigabytes(octets: number): string {
  const rounded = Number((octets / GB).toFixed(4));
  return `${Number.isInteger(rounded) ? rounded.toFixed(1) : rounded} gb`;
}

/** A listener, as the API tells it. */
export interface Listener {
  readonly node: string;
  readonly protocol: string;
  readonly ip_address: string;
  readonly port: number;
}

/** What is spoken there, in words. */
const PURPOSES: Readonly<Record<string, string>> = {
  amqp: 'AMQP 0-9-1',
  'amqp/ssl': 'AMQP 0-9-1 over TLS',
  http: 'HTTP API',
  https: 'HTTP API over TLS (HTTPS)',
  'http/prometheus': 'Prometheus exporter API over HTTP',
  'http/web-amqp': 'AMQP 0-9-1 over WebSockets',
  'https/web-amqp': 'AMQP 0-9-1 over WebSockets and TLS (HTTPS)',
};

/** The same under rabbitmqctl's names. */
export interface ToldListener {
  readonly node: string;
  readonly interface: string;
  readonly port: number;
  readonly protocol: string;
  readonly purpose: string;
  readonly [name: string]: string | number;
}

export function listenersOf(listeners: readonly Listener[]): ToldListener[] {
  return listeners.map(({ node, protocol, ip_address: address, port }) => ({
    node,
    interface: address.includes(':') ? `[${address}]` : address,
    port,
    protocol,
    purpose: PURPOSES[protocol] ?? protocol,
  }));
}

export function listenerText({ interface: at, port, protocol, purpose }: ToldListener): string {
  return `Interface: ${at}, port: ${port}, protocol: ${protocol}, purpose: ${purpose}`;
}
