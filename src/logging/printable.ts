/**
 * Text that comes from outside, as it may stand in a line. What must hold: nothing in it moves a cursor, ends a line,
 * turns the direction of writing or hides; what it was can still be told.
 */

/** Control and format characters, separators of lines, halves of pairs, and what is not assigned. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** Names are not longer in the protocol (octets). */
const NAME_MAX = 255;

/** At most `max` characters of a text; what cannot be seen is written by its number. */
export function printable(text: string, max: number): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut.replace(UNPRINTABLE, escaped);
}

/** A name that somebody gave, between quotes. */
export function quoted(name: string): string {
  return `'${printable(name, NAME_MAX).replaceAll("'", "\\'")}'`;
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
