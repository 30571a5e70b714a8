/** All that `leveret migrate` takes, each flag once: the parser, the help, the completion and docs/migrate.md. */
import { listOf, seconds, shortName, url } from '../config/client-kinds.js';
import type { TableFlag } from '../config/flag-table.js';
import { type Kind, parsed, text, wholeNumber, yesOrNo } from '../config/kinds.js';

export const SUBJECTS = ['From where to where', 'What is moved', 'How', 'What comes out'] as const;

export interface MigrateFlag<T> extends TableFlag<T> {
  readonly subject: (typeof SUBJECTS)[number];
}

function flag<T>(subject: MigrateFlag<T>['subject'], kind: Kind<T>, help: string) {
  return { kind, subject, help } satisfies MigrateFlag<T>;
}

const PREFETCH_MAX = 65_535;
const PARALLEL_MAX = 64;
const FILE = text('FILE', 'the name of a file');
const httpUrl: Kind<URL> = parsed('URL', 'http://USER:PASSWORD@HOST:PORT, or https://', httpUrlIn, ({ host }) => host);

function httpUrlIn(given: string): URL | undefined {
  if (!URL.canParse(given)) return undefined;
  const at = new URL(given);
  return /^https?:$/.test(at.protocol) && at.search === '' && at.hash === '' ? at : undefined;
}

export const FLAGS = {
  from: flag('From where to where', url, 'the broker that has the messages: RabbitMQ, Leveret, or any with its API'),
  to: flag('From where to where', url, 'the Leveret that gets them, amqp://localhost by default'),
  'from-http': flag(
    'From where to where',
    httpUrl,
    "the source's management API; by default port 15672 of its host (15671 by TLS), with the same user",
  ),
  'to-http': flag('From where to where', httpUrl, "the target's management API; by default as for the source"),
  'tls-ca': flag('From where to where', FILE, 'whose signature brokers must have (PEM), else those the system trusts'),
  'tls-cert': flag('From where to where', FILE, 'a certificate to show brokers (PEM)'),
  'tls-key': flag('From where to where', FILE, "the certificate's key (PEM)"),
  'tls-insecure': flag('From where to where', yesOrNo, 'take any certificate of a broker'),

  vhosts: flag('What is moved', yesOrNo, 'all vhosts, with users and rights, rather than the one that --from names'),
  queue: flag('What is moved', listOf(shortName('a name')), 'messages of this queue alone; may be given several times'),
  definitions: flag(
    'What is moved',
    FILE,
    "what is declared, from a file (rabbitmqctl export_definitions) and not from the source's API",
  ),
  'skip-definitions': flag('What is moved', yesOrNo, 'declare nothing at the target: all is there'),

  'dry-run': flag('How', yesOrNo, 'say what would be moved and what differs; change nothing anywhere'),
  follow: flag('How', yesOrNo, 'go on until Ctrl-C: what is still published to the source is moved, too'),
  prefetch: flag('How', wholeNumber(1, PREFETCH_MAX), 'messages of a queue that may be on their way, 1000 by default'),
  parallel: flag('How', wholeNumber(1, PARALLEL_MAX), 'queues at once, 4 by default'),
  state: flag(
    'How',
    text('DIR', 'the name of a folder'),
    'where is kept what a migration must know when it is begun again, leveret-migration by default',
  ),
  patience: flag('How', seconds, 'how long to wait for a broker that is away, 60 by default'),
  heartbeat: flag('How', wholeNumber(0, 65_535), 'seconds between heartbeats, 60 by default; 0: none'),

  interval: flag('What comes out', seconds, 'seconds between two lines of progress, 1 by default'),
  json: flag('What comes out', yesOrNo, 'print a JSON object a line: each says what it is by its field event'),
  quiet: flag('What comes out', yesOrNo, 'no progress: the result alone, and what is left'),
} as const;

export type MigrateKey = keyof typeof FLAGS;
type Value<K extends MigrateKey> = (typeof FLAGS)[K]['kind'] extends Kind<infer T> ? T : never;
export type MigrateGiven = { readonly [K in MigrateKey]?: Value<K> };
