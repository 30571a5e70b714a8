/** What is typed, to `leveret ctl` and to RabbitMQ's rabbitmqctl, and what each says. */

export interface Typed {
  readonly args: readonly string[];
  readonly input?: string;
  /** Keep of what it says only lines and elements that hold this: others may use the referee, too. */
  readonly only?: string;
  /** What is said cannot be the same; that it is said to the same end is. */
  readonly isOwn?: boolean;
  /** What is said are each one's figures; what it is about is the same: parts and their labels, names of fields. */
  readonly isShape?: boolean;
}

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface Transcript {
  readonly name: string;
  readonly steps: readonly Typed[];
  /** A client of AMQP comes before this step, and goes at the end (scene.ts). */
  readonly clientBefore?: number;
}

/** A line as it would be typed; `'…'` keeps words together. */
export function typed(line: string, rest: Omit<Typed, 'args'> = {}): Typed {
  const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  return { args, ...rest };
}

/** What both must say alike. */
export function comparable({ code, out, error }: Said, { only, isOwn, isShape }: Typed): Said {
  if (isShape === true) return { code, out: shapeOf(out), error: inWords(error) };
  if (isOwn === true) return { code, out: out === '' ? '' : '…', error: error === '' ? '' : '…' };
  const kept = only === undefined ? out : linesWith(out, only);
  return { code, out: inOrder(inWords(kept)), error: inWords(unnamed(withoutUsage(error))) };
}

/** What there is with rabbitmqctl and not here: what only its runtime has, and what lies elsewhere. */
const THEIRS = new Set([
  'Crypto library',
  'Enabled plugin file',
  'Raft data directory',
  'crypto_lib_version',
  'enabled_plugin_file',
  'raft_data_directory',
]);
/** And the other way round. */
const OURS = new Set(['Product', 'node_name']);

/** Titles of parts and the labels in them, or the names of fields. Lists are left out, and where the memory goes to. */
function shapeOf(out: string): string {
  const told = out.startsWith('{') ? Object.keys(JSON.parse(out) as object).toSorted() : labelsIn(inWords(out));
  return told.filter((name) => !THEIRS.has(name) && !OURS.has(name)).join('\n');
}

function labelsIn(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    if (/ (gb \(|\* )|^(Interface|Node|Flag):|^$|^\(none\)$|^\S+@/.test(line)) return [];
    return line.includes(':') ? [line.slice(0, line.indexOf(':'))] : [line];
  });
}

/** The order of rows says nothing, nor does the comma between elements. */
function inOrder(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/^,/, ''));
  return lines.toSorted().join('\n');
}

/** Names of columns are kept, too: they are of lower case, and the list's first line. */
function linesWith(text: string, part: string): string {
  const isFrame = (line: string): boolean => /^[[\]]$|\.\.\.$|^"?[a-z_]+"?([\t,]"?[a-z_]+"?)*$/.test(line);
  const lines = text.split('\n').filter((line) => line.includes(part) || isFrame(line));
  return lines.map((line) => line.replace(/^,/, '')).join('\n');
}

/** The usage that follows what is wrong is each one's own. */
function withoutUsage(error: string): string {
  return error.split('\nArguments given:')[0] ?? '';
}

/** What is not there is named here; rabbitmqctl says only that it is not. */
function unnamed(error: string): string {
  return error.replace(/^(not_found|Queue not found|Parameter does not exist): no .*$/m, '$1');
}

/** How a terminal is told to write titles. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it begins with one
const BOLD = /\u001b\[\d+m/g;

/** The names of the two, and what the HTTP API does not tell: how wide a number is. */
function inWords(text: string): string {
  return text
    .replace(BOLD, '')
    .replaceAll('rabbitmqctl', 'leveret ctl')
    .replace(/(?<=127\.0\.0\.1\t)\d+/g, 'PORT')
    .replace(/<[^<>]+>/g, 'PID')
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/"(byte|short|signedint|unsignedint|long)",(?=-?\d)/g, '"long",')
    .trim();
}
