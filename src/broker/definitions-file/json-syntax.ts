/**
 * Where a text stops being JSON. The parser of the engine tells that in some versions only, and quotes what stands
 * around it, which may be a secret.
 */

const TOKEN =
  /[{}[\],:]|"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const BLANK = /[ \t\r\n]*/y;

/** What may come next; `or end`: the object or the array may end there, too. */
type Expected = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'comma or end' | 'nothing';

/** Line and column of the first octet that is no JSON; null: the whole text is. */
export function syntaxFault(text: string): { readonly line: number; readonly column: number } | null {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    BLANK.lastIndex = at;
    BLANK.exec(text);
    at = BLANK.lastIndex;
    if (at === text.length) return expected === 'nothing' ? null : placeOf(text, at);
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    const next: Expected | null = token === undefined ? null : after(token, expected, open);
    if (token === undefined || next === null) return placeOf(text, at);
    expected = next;
    at += token.length;
  }
}

/** What may come after a token; null: the token itself may not. Keeps `open`. */
function after(token: string, expected: Expected, open: ('{' | '[')[]): Expected | null {
  if (token === '}' || token === ']') {
    const canEnd = expected.endsWith('or end') && open.pop() === (token === '}' ? '{' : '[');
    return canEnd ? afterValue(open) : null;
  }
  if (expected === 'comma or end') return token === ',' ? (open.at(-1) === '{' ? 'name' : 'value') : null;
  if (expected === 'colon') return token === ':' ? 'value' : null;
  if (expected === 'name' || expected === 'name or end') return token.startsWith('"') ? 'colon' : null;
  if (expected === 'nothing' || token === ',' || token === ':') return null;
  if (token !== '{' && token !== '[') return afterValue(open);
  open.push(token);
  return token === '{' ? 'name or end' : 'value or end';
}

function afterValue(open: readonly ('{' | '[')[]): Expected {
  return open.length === 0 ? 'nothing' : 'comma or end';
}

function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
