/** Compiles the sources of the core with changes: for searches, and for runs that must go wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

/** Commands and tests are run from there. */
export const ROOT = process.cwd();

/** A change of the sources: in `file`, `find` (which stands there once) becomes `replace`. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What all such builds are told. */
const COMMON = [
  ...['assembly/index.ts', '--baseDir', ROOT, '--config', 'none', '--outFile', 'core.wasm', '--runtime', 'stub'],
  ...['--memoryBase', '65536', '--use', 'abort=', '--enable', 'threads,bulk-memory,simd', '--importMemory'],
  ...['--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536', '--disableWarning', '201'],
];

export async function compile(edits: readonly Edit[], more: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const open = new Set(edits);
  const readFile = (name: string, base: string): string | null => {
    let text: string;
    try {
      text = readFileSync(join(base, name), 'utf8');
    } catch {
      return null;
    }
    for (const edit of edits) {
      if (!join(base, name).endsWith(join('/', edit.file))) continue;
      if (text.split(edit.find).length !== 2) throw new Error(`${edit.file} does not hold once: ${edit.find}`);
      text = text.replace(edit.find, () => edit.replace);
      open.delete(edit);
    }
    return text;
  };
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([...COMMON, ...more], {
    readFile,
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  if (error !== null || binary === undefined) throw new Error(`the core does not compile: ${stderr}`);
  for (const edit of open) throw new Error(`${edit.file} is no source`);
  return new Uint8Array(binary);
}
