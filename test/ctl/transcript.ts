/** What is typed, to `leveret ctl` and to RabbitMQ's rabbitmqctl, and what each says. */

export interface Typed {
  readonly args: readonly string[];
  readonly input?: string;
  /** Keep of what it says only lines and elements that hold this: others may use the referee, too. */
  readonly only?: string;
  /** What is said cannot be the same; that it is said to the same end is. */
  readonly isOwn?: boolean;
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
export function comparable({ code, out, error }: Said, { only, isOwn }: Typed): Said {
  if (isOwn === true) return { code, out: out === '' ? '' : '…', error: error === '' ? '' : '…' };
  const kept = only === undefined ? out : linesWith(out, only);
  return { code, out: inOrder(inWords(kept)), error: inWords(withoutUsage(error)) };
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

/** The names of the two, and what the HTTP API does not tell: how wide a number is. */
function inWords(text: string): string {
  return text
    .replaceAll('rabbitmqctl', 'leveret ctl')
    .replace(/(?<=127\.0\.0\.1\t)\d+/g, 'PORT')
    .replace(/<[^<>]+>/g, 'PID')
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/"(byte|short|signedint|unsignedint|long)",(?=-?\d)/g, '"long",')
    .trim();
}
