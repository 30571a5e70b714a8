/**
 * The keys of a TOML file with their lines, so that whoever has made a mistake is told where. What must hold: what is
 * no TOML is one line with its place; all keys stand at the top, as there are no tables.
 */
import { createRequire } from 'node:module';

type Parser = Pick<typeof import('smol-toml'), 'parse' | 'TomlError'>;

export interface FileEntry {
  readonly key: string;
  readonly value: unknown;
  readonly line: number;
}

/** A file cannot be understood, in words that begin with its place. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

export function readToml(text: string, file: string): FileEntry[] {
  // Loaded here, so that a broker does not wait for what it does not use.
  const parser: Parser = createRequire(import.meta.url)('smol-toml');
  try {
    parser.parse(text);
  } catch (error) {
    if (!(error instanceof parser.TomlError)) throw error;
    const [what = ''] = error.message.split('\n');
    throw new FileError(`${file}:${error.line}: ${what}`);
  }
  return entries(parser, text, file);
}

/**
 * The parser tells no places. But one statement at a time tells what stands in it: lines are added until it is whole.
 */
function entries(parser: Parser, text: string, file: string): FileEntry[] {
  const found: FileEntry[] = [];
  let statement = '';
  let first = 1;
  for (const [index, line] of text.split('\n').entries()) {
    if (statement === '') first = index + 1;
    statement += `${line}\n`;
    const parsed = whole(parser, statement);
    if (parsed === null) continue;
    for (const [key, value] of Object.entries(parsed)) {
      if (isTable(value)) throw new FileError(`${file}:${first}: '${key}' is a table, and all keys stand at the top`);
      found.push({ key, value, line: first });
    }
    statement = '';
  }
  return found;
}

function whole(parser: Parser, statement: string): Record<string, unknown> | null {
  try {
    return parser.parse(statement);
  } catch {
    // What is whole has been read before, all together: this goes on in the next line.
    return null;
  }
}

function isTable(value: unknown): boolean {
  const [one] = Array.isArray(value) ? value : [value];
  return typeof one === 'object' && one !== null && !Array.isArray(one) && !(one instanceof Date);
}
