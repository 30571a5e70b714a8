/**
 * What is declared at the source, as it goes to the target: what means nothing there is taken out, and said in plain words.
 * Pure. What must hold: what is left is a file that the target imports, and nothing of it locks the migration out.
 */
import { DefinitionsError } from '../broker/definitions-file/fields.js';
import { readDefinitions } from '../broker/definitions-file/read-file.js';
import { exchangeType } from '../broker/routing/exchange-types.js';
import { MigrationError } from './plan.js';
import type { SourceQueue } from './source.js';

export interface Definitions {
  /** For the target's import. */
  readonly text: string;
  /** What is otherwise there, or left out: a line each. */
  readonly differences: readonly string[];
  readonly queues: readonly SourceQueue[];
  /** None where they are of one vhost. */
  readonly vhosts: readonly string[];
}

interface Entry {
  readonly name?: string;
  readonly vhost?: string;
  readonly type?: string;
  readonly auto_delete?: boolean;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

type File = Readonly<Record<string, unknown>>;

/** `vhost`: of which they are alone; null: of all. `login`: who the migration is at the target. */
export function definitionsFrom(text: string, vhost: string | null, login: string): Definitions {
  const file = parsed(text);
  const differences: string[] = [];
  const inVhost = (entry: Entry): boolean => vhost === null || entry.vhost === undefined || entry.vhost === vhost;
  const queues = entriesOf(file, 'queues').filter(inVhost);
  const kept = entriesOf(file, 'exchanges').filter((exchange) => inVhost(exchange) && isKnown(exchange, differences));
  const users = entriesOf(file, 'users');
  if (vhost === null && users.some(({ name }) => name === login))
    differences.push(`user '${login}' stays as it is at the target: the migration logs in as it`);
  const whole = {
    ...file,
    exchanges: kept,
    ...('users' in file ? { users: users.filter(({ name }) => name !== login) } : {}),
  };
  const fitting = vhost === null ? whole : ofOneVhost(whole, inVhost);
  const outcome = JSON.stringify(fitting);
  differences.push(...notesOf(outcome, vhost), ...queueDifferences(queues));
  return {
    text: outcome,
    differences,
    queues: queues.map((queue) => queueOf(queue, vhost)),
    vhosts: entriesOf(file, 'vhosts').flatMap(({ name }) => name ?? []),
  };
}

function parsed(text: string): File {
  try {
    const file: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (typeof file === 'object' && file !== null && !Array.isArray(file)) return file as File;
  } catch {
    // Said below.
  }
  throw new MigrationError('the definitions are no JSON object: they are what `rabbitmqctl export_definitions` writes');
}

function entriesOf(file: File, section: string): Entry[] {
  const entries = file[section];
  if (!Array.isArray(entries)) return [];
  return entries.filter((entry): entry is Entry => typeof entry === 'object' && entry !== null);
}

/** What is of a vhost and no other; who there is stays out of it. */
function ofOneVhost(file: File, isIn: (entry: Entry) => boolean): File {
  const sections = ['policies', 'parameters', 'queues', 'exchanges', 'bindings'];
  return Object.fromEntries(sections.map((section) => [section, entriesOf(file, section).filter(isIn)]));
}

function isKnown({ name = '', type = '' }: Entry, differences: string[]): boolean {
  if (exchangeType(type) !== undefined) return true;
  differences.push(`exchange '${name}' is left out, with its bindings: there is no exchange type '${type}'`);
  return false;
}

function notesOf(text: string, vhost: string | null): readonly string[] {
  try {
    return readDefinitions(text, vhost === null ? { unnamed: '/' } : { all: vhost }).notes;
  } catch (error) {
    if (!(error instanceof DefinitionsError)) throw error;
    throw new MigrationError(`the source's definitions cannot be imported: ${error.message}`);
  }
}

function queueDifferences(queues: readonly Entry[]): string[] {
  const quorum = queues.filter((queue) => typeOf(queue) === 'quorum');
  const limited = quorum.filter(({ arguments: args }) => args?.['x-delivery-limit'] !== undefined);
  const lines: string[] = [];
  if (quorum.length > 0)
    lines.push(
      `${counted(quorum.length, 'quorum queue')} will be durable, on this one node, with the checks and delivery ` +
        'counts of quorum queues',
    );
  if (limited.length > 0)
    lines.push(
      `${counted(limited.length, 'queue')} with x-delivery-limit: each time that the migration is cut off, its source ` +
        'counts the messages on their way as delivered once more; do not kill it often',
    );
  return lines;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function typeOf({ type, arguments: args }: Entry): string {
  const given = args?.['x-queue-type'] ?? type;
  return typeof given === 'string' ? given : 'classic';
}

function queueOf(queue: Entry, vhost: string | null): SourceQueue {
  return {
    vhost: queue.vhost ?? vhost ?? '/',
    name: queue.name ?? '',
    type: typeOf(queue),
    isAutoDelete: queue.auto_delete === true,
    isExclusive: false,
    arguments: queue.arguments ?? {},
    consumers: null,
    unacknowledged: null,
    ready: null,
  };
}
