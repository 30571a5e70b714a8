/**
 * What the sources of a host of the core say of it: the calls, with a type for each argument, and the numbers that it
 * reads by their names. Sources are read as text, in any language that calls as C does. What must hold of a host: the
 * name of a call is written out where it is called.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

interface HostCall {
  readonly name: string;
  /** `f64`, or `i32` for all else. */
  readonly given: readonly string[];
  readonly where: string;
}

interface HostSources {
  readonly calls: readonly HostCall[];
  /** Names of numbers, each once. */
  readonly numbers: ReadonlySet<string>;
}

const SOURCES = new Set(['.c', '.go', '.java', '.py', '.rs']);
/** Where a call begins; `call.call` is the runtime's own. */
const CALL = /(?<!\bcall\.)\b(?:call|Call|core_call|call_on)\(/g;
const NUMBER =
  /"((?:RESULT|STOP|SETTLE|OVERFLOW|FRAME|METHOD|HEADER|FEATURES)_[A-Z_]+)"|[wW]rite_?[fF]eature\("(?!FEATURES_)([A-Z_]+)"/g;
/** How arguments that are floating-point numbers are written, by the language. */
const FLOATS: Readonly<Record<string, RegExp>> = {
  '.c': /^(?:atof\(|\d+\.\d)/,
  '.go': /^api\.EncodeF64\(/,
  '.java': /^Double\./,
  '.py': /^(?:float\(|\d+\.\d)/,
  '.rs': /^Val::from\(/,
};
const OPENING = '([{';
const CLOSING = ')]}';

export function readHost(folder: string): HostSources {
  const calls: HostCall[] = [];
  const numbers = new Set<string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!SOURCES.has(extname(file))) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    calls.push(...callsIn(text, file));
    for (const [, whole, feature] of text.matchAll(NUMBER)) numbers.add(whole ?? `FEATURES_${feature}`);
    // One that is put together has its parts written out nearby.
    if (/FEATURES_\{/.test(text))
      for (const [, key] of text.matchAll(/^ +"([A-Z_]+)": /gm)) numbers.add(`FEATURES_${key}`);
  }
  return { calls, numbers };
}

function callsIn(text: string, file: string): HostCall[] {
  return Array.from(text.matchAll(CALL)).flatMap(({ index, 0: head }) => {
    const [name = '', ...given] = argumentsAt(text, index + head.length);
    const where = `${file}:${text.slice(0, index).split('\n').length}`;
    const [, written] = /^['"](\w+)['"]$/.exec(name) ?? [];
    if (written !== undefined) {
      const float = FLOATS[extname(file)] ?? /^$/;
      const values = given.flatMap((one) => listed(one, text.slice(0, index)));
      return [
        {
          name: written,
          given: values.map((one) => (isFloat(one, text.slice(0, index), float) ? 'f64' : 'i32')),
          where,
        },
      ];
    }
    // Where the host says what a call is, and hands it on.
    if (/\bname\b|\bself\b/.test(name)) return [];
    throw new Error(`${where} calls what is not written out: ${name}`);
  });
}

/** The arguments of a call, from behind its parenthesis. */
function argumentsAt(text: string, start: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; ; at++) {
    const sign = text[at];
    if (sign === undefined) throw new Error(`a call without an end: ${text.slice(start, start + 80)}`);
    const ends = depth === 0 && CLOSING.includes(sign);
    if (ends || (depth === 0 && sign === ',')) {
      found.push(text.slice(from, at).trim());
      from = at + 1;
    }
    if (ends) return found.filter((one) => one !== '');
    if (OPENING.includes(sign)) depth += 1;
    if (CLOSING.includes(sign)) depth -= 1;
  }
}

/** Rust gives a list of arguments: it stands in the call, or before it under a name. */
function listed(argument: string, before: string): string[] {
  const [, named] = /^&(\w+)$/.exec(argument) ?? [];
  if (named !== undefined) {
    const list = `let ${named} = [`;
    return argumentsAt(before, before.lastIndexOf(list) + list.length);
  }
  return argument.startsWith('&[') ? argumentsAt(argument, '&['.length) : [argument];
}

/** Also when it was made before, under a name. */
function isFloat(argument: string, before: string, float: RegExp): boolean {
  if (float.test(argument)) return true;
  if (!/^\w+$/.test(argument)) return false;
  const [, made] = Array.from(before.matchAll(new RegExp(`\\b${argument} :?= (.*)`, 'g'))).at(-1) ?? [];
  return made !== undefined && float.test(made);
}
