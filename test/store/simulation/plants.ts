/**
 * Faults that the store once had, planted again: the built code with a line of it changed. A plant whose line is not
 * there any more is an error, so that none of them withers unseen.
 */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { simulate } from './simulation.js';

interface Edit {
  /** Of the built store, or of the simulation itself. */
  readonly file: string;
  readonly line: string;
  readonly planted: string;
}

export interface Plant {
  readonly fault: string;
  readonly edits: readonly Edit[];
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

export const PLANTS: readonly Plant[] = [
  {
    fault: 'a place belongs to the last copy of its message, whole batch or not',
    edits: [
      {
        file: 'dist/store/recovery/replay-index.js',
        line: 'const messages = this.messages.cut(this.#first);',
        planted: 'const messages = [];',
      },
      {
        file: 'dist/store/recovery/replay-index.js',
        line: 'messages[length] = messages[i];',
        planted: 'messages[length] = this.messages.ids.values().lastIndexOf(this.messages.ids.at(messages[i]));',
      },
    ],
  },
  {
    fault: 'what is there of a batch counts that was never finished',
    edits: [{ file: 'dist/store/recovery/log-reader.js', line: 'if (batch.start !== torn?.start)', planted: '' }],
  },
  {
    fault: 'what can be read after a crash is taken for what the disk has',
    edits: [{ file: 'dist/store/recovery/recovery.js', line: 'uncertain.has(read)', planted: 'false' }],
  },
  {
    fault: 'acknowledgements are dropped while the log cannot be written',
    edits: [
      {
        file: 'test/store/simulation/participant.ts',
        line: 'this.#gathered.ack(queue, [{ from, count }]);',
        planted: 'if (this.hasRoom()) this.#gathered.ack(queue, [{ from, count }]);',
      },
      {
        file: 'test/store/simulation/life.ts',
        line: 'i < count && participant.hasRoom(); i++) this.#end',
        planted: 'i < count; i++) this.#end',
      },
    ],
  },
  {
    fault: 'files of checkpoints are never cleared away',
    edits: [{ file: 'dist/store/reclaim.js', line: 'const COPY_SHARE = 0.4;', planted: 'const COPY_SHARE = 0;' }],
  },
  {
    fault: 'messages of queues that the definitions do not know are let go',
    edits: [{ file: 'dist/store/recovery/recovery.js', line: 'options.dropUnknown !== true', planted: 'false' }],
  },
  {
    fault: 'the clean-shutdown marker goes before the log is read',
    edits: [
      {
        file: 'dist/store/log/file-backend.js',
        line: 'const ends = await readCleanShutdownMarker(directory);',
        planted: 'const ends = await readCleanShutdownMarker(directory); await removeCleanShutdownMarker(directory);',
      },
    ],
  },
];

/** The simulation on code in which a fault is planted; null: on the code as it is. */
export async function simulationWith(plant: Plant | null, directory: string): Promise<typeof simulate> {
  const outfile = join(directory, 'built', 'simulation.mjs');
  const missing = new Set(plant?.edits);
  await mkdir(join(directory, 'built'), { recursive: true });
  await build({
    entryPoints: [join(root, 'test/store/simulation/simulation.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    plugins: [
      {
        name: 'plant',
        setup(builder) {
          builder.onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
            const edits = plant?.edits.filter(({ file }) => path === join(root, file)) ?? [];
            if (edits.length === 0) return null;
            let text = await readFile(path, 'utf8');
            for (const edit of edits) {
              if (text.split(edit.line).length === 2) missing.delete(edit);
              text = text.replace(edit.line, () => edit.planted);
            }
            return { contents: text, loader: path.endsWith('.ts') ? 'ts' : 'js' };
          });
        },
      },
    ],
  });
  for (const { file, line } of missing) throw new Error(`${file} does not have the line "${line}" once`);
  // The module of the log is found beside the folder of the built code.
  await copyFile(join(root, 'dist/log.wasm'), join(directory, 'log.wasm'));
  const built = (await import(pathToFileURL(outfile).href)) as { simulate: typeof simulate };
  return built.simulate;
}
