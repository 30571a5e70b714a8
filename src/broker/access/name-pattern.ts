/**
 * Regular expressions on names, as RabbitMQ reads them: one may match anywhere in a name, and sees octets, not
 * characters. Administrators write Perl-compatible ones. What JavaScript knows under another name is translated; what
 * it would take for something else is refused, so that no expression means more than it says. What must hold: a name is
 * matched once, however often it is asked for; what is remembered is bounded.
 */
import { encodeText } from '../../amqp/text.js';

/** How many names one expression remembers. */
const REMEMBERED = 1024;

/** Matches every name. */
const EVERYTHING = '.*';

export class NamePattern {
  /** Null: every name matches. */
  readonly #expression: RegExp | null;
  readonly #known = new Map<string, boolean>();

  /** Throws a `SyntaxError` where `patternError` tells one. */
  constructor(pattern: string) {
    this.#expression = pattern === EVERYTHING ? null : compiled(pattern);
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
    return error instanceof Error ? error.message : String(error);
  }
}

/** Letters that mean the same after a backslash in both kinds of expressions. */
const SHARED_ESCAPES = 'bBdDsSwWnrtfcx';
/** Letters that JavaScript has another sign for. */
const TRANSLATED = new Map([
  ['A', '^'],
  ['z', '$'],
  ['Z', '$'],
]);
const IGNORE_CASE = '(?i)';

/** Nothing written means nothing meant: only a name without a letter would match. */
function compiled(pattern: string): RegExp {
  if (pattern === '') return /^$/;
  const octets = octetsOf(pattern);
  const ignoresCase = octets.startsWith(IGNORE_CASE);
  return new RegExp(translated(ignoresCase ? octets.slice(IGNORE_CASE.length) : octets), ignoresCase ? 'i' : '');
}

/** One character for each octet. */
function octetsOf(text: string): string {
  return Buffer.from(encodeText(text)).toString('latin1');
}

/** An escape, the beginning of a class, or any other character. */
const PARTS = /\\.?|\[\^?|./gs;

function translated(pattern: string): string {
  let inClass = false;
  let result = '';
  for (const { 0: part, index } of pattern.matchAll(PARTS)) {
    const next = pattern[index + part.length];
    if (part.startsWith('\\')) {
      result += sharedEscape(part, next, inClass);
      continue;
    }
    if (part.startsWith('[')) {
      if (inClass && next !== undefined && ':.='.includes(next)) throw unknown(`[${next}`);
      if (!inClass && next === ']') throw unknown(`${part}]`);
      inClass = true;
    } else if (part === ']') inClass = false;
    result += part;
  }
  return result;
}

function sharedEscape(part: string, next: string | undefined, inClass: boolean): string {
  const letter = part.slice(1);
  const other = inClass ? undefined : TRANSLATED.get(letter);
  if (other !== undefined) return other;
  const isLetter = /^[a-zA-Z]$/.test(letter);
  if ((isLetter && !SHARED_ESCAPES.includes(letter)) || (letter === 'x' && next === '{')) throw unknown(part);
  return part;
}

function unknown(what: string): SyntaxError {
  return new SyntaxError(`'${what}' is not supported`);
}
