/**
 * Regular expressions on names, as RabbitMQ reads them: one may match anywhere in a name, and sees octets, not
 * characters. Administrators write Perl-compatible ones; they are matched by a port of RE2, in time that grows with the
 * name and never explodes, whatever is written. What RE2 cannot say, or would take for something else, is refused, so
 * that no expression means more than it says. What must hold: a name is matched once, however often it is asked for;
 * what is remembered is bounded.
 */
import { createRequire } from 'node:module';
import { encodeText } from '../../amqp/text.js';

/** How many names one expression remembers. */
const REMEMBERED = 1024;

/** The longest expression, in octets: to read one takes a time that grows with it. */
const LONGEST = 4096;

/** The most steps that an expression may become: to match the longest name takes tens of milliseconds then, once. */
const MOST_STEPS = 20_000;

/** Matches every name. */
const EVERYTHING = '.*';
/** Matches the name without a letter. */
const NOTHING = '^$';
/** What stands for itself alone, wherever it is found. */
const LITERAL = /^[\w -]+$/;

/** What an expression has become. */
interface Matcher {
  test(octets: string): boolean;
}

export class NamePattern {
  /** Null: every name matches. */
  readonly #expression: Matcher | null;
  readonly #known = new Map<string, boolean>();

  /** Throws where `patternError` tells an error. */
  constructor(pattern: string) {
    this.#expression = pattern === EVERYTHING ? null : compiled(pattern);
  }

  /** Whether it matches anywhere in some octets, which are not remembered. */
  findsIn(octets: Uint8Array): boolean {
    return (
      this.#expression?.test(Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')) ?? true
    );
  }

  matches(name: string): boolean {
    if (this.#expression === null) return true;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size === REMEMBERED) this.#known.clear();
    const isMatch = this.#expression.test(octetsOf(name));
    this.#known.set(name, isMatch);
    return isMatch;
  }
}

/** Why a text is no expression that can be used; null: it is one. */
export function patternError(pattern: string): string | null {
  try {
    compiled(pattern);
    return null;
  } catch (error) {
    return reason(error);
  }
}

function compiled(pattern: string): Matcher {
  const octets = octetsOf(pattern);
  if (octets.length > LONGEST) throw new SyntaxError(`it is longer than ${LONGEST} octets`);
  if (pattern === EVERYTHING) return { test: () => true };
  if (pattern === NOTHING) return { test: (name) => name === '' };
  if (LITERAL.test(pattern)) return { test: (name) => name.includes(octets) };
  // Loaded here: most brokers have no other expressions.
  const { RE2JS }: Pick<typeof import('re2js'), 'RE2JS'> = createRequire(import.meta.url)('re2js');
  const expression = RE2JS.compile(translated(octets));
  if (expression.programSize() > MOST_STEPS) throw new SyntaxError('it repeats too much');
  return expression;
}

/** What the library puts before each of its reasons. */
const PREFIX = 'error parsing regexp: ';

/** A reason may quote the expression, whose octets are characters to the library. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const own = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  return Buffer.from(own, 'latin1').toString('utf8');
}

/** One character for each octet. */
function octetsOf(text: string): string {
  return Buffer.from(encodeText(text)).toString('latin1');
}

/** What is quoted literally, an escape, what begins a group in Perl's way, the beginning of a class, or any other. */
const PARTS = /\\Q.*?(?:\\E|$)|\\.?|\(\?<?[=!>|#]|\[\^?\]?|./gs;

/** Groups that RE2 has not, by how they begin. */
const GROUPS = new Map([
  ['(?=', 'look-ahead'],
  ['(?!', 'look-ahead'],
  ['(?<=', 'look-behind'],
  ['(?<!', 'look-behind'],
  ['(?>', 'an atomic group'],
]);

/** The end of the name under the name that RE2 has for it: names have no last line end to stop before. */
const END = '\\z';

/** The expression for RE2. What it reads otherwise than Perl is refused here; what it cannot read, there. */
function translated(pattern: string): string {
  let inClass = false;
  let result = '';
  for (const { 0: part, index } of pattern.matchAll(PARTS)) {
    const next = pattern[index + part.length];
    if (part.startsWith('\\')) {
      if (!inClass && /^\\[1-9gk]/.test(part)) throw unknown('a back reference', part);
      // A vertical tab there, any vertical space here.
      if (part === '\\v') throw unknown('an escape that is read in several ways', part);
      result += part === '\\Z' && !inClass ? END : part;
      continue;
    }
    if (part.startsWith('(?') && !inClass && GROUPS.has(part)) throw unknown(GROUPS.get(part) ?? 'a group', part);
    if (part.startsWith('[')) {
      if (inClass && next !== undefined && '.='.includes(next)) throw unknown('a collating element', `[${next}`);
      inClass = true;
    } else if (part === ']') inClass = false;
    result += part;
  }
  return result;
}

function unknown(what: string, text: string): SyntaxError {
  return new SyntaxError(`${what} (${text}) is not supported`);
}
