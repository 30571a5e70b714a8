/** Where a broker is, from a URL as AMQP's clients write it: `amqp://user:password@host:port/vhost`, or `amqps://`. */

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
}

const PORTS: Readonly<Record<string, number>> = { 'amqp:': 5672, 'amqps:': 5671 };
const GUEST = 'guest';

/** Undefined: it is no such URL. */
export function parseEndpoint(text: string): Endpoint | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  const standard = PORTS[protocol];
  if (standard === undefined || hostname === '' || search !== '' || hash !== '') return undefined;
  try {
    return {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? standard : Number(port),
      isTls: protocol === 'amqps:',
      user: username === '' ? GUEST : decodeURIComponent(username),
      password: password === '' ? GUEST : decodeURIComponent(password),
      // `amqp://host` and `amqp://host/` are both the vhost that is called /.
      vhost: pathname.length <= 1 ? '/' : decodeURIComponent(pathname.slice(1)),
    };
  } catch {
    // What is escaped is no text.
    return undefined;
  }
}

/** What is told of it: nothing that is secret. */
export function endpointText({ host, port, isTls }: Endpoint): string {
  return `${isTls ? 'amqps' : 'amqp'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
