/**
 * Compiles the core, the targets of asconfig.json, and the log's module, when a source is newer than what was built.
 * `--force` compiles in any case.
 */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const core = ['--config', 'asconfig.json', '--target'];
const builds = [
  { output: 'dist/core.threads.wasm', options: [...core, 'threads'] },
  { output: 'dist/core.wasm', options: [...core, 'single'] },
  // For test/interleavings: with checkpoints, and their numbers among the exports.
  { output: 'dist/core.checking.wasm', options: ['assembly/memory/checkpoint.ts', ...core, 'checking'] },
  { output: 'dist/log.wasm', options: ['--config', 'assembly/log/asconfig.json'] },
];

/** Modification time in ms; 0 when there is no such file. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

const sources = readdirSync(join(root, 'assembly'), { recursive: true }).map((name) =>
  join(root, 'assembly', String(name)),
);
const newest = Math.max(...sources.map(modified), modified(join(root, 'asconfig.json')));

process.chdir(root);
for (const { output, options } of builds) {
  if (modified(join(root, output)) > newest && !process.argv.includes('--force')) continue;
  const { error, stderr } = await asc.main(options);
  if (error) {
    console.error(String(stderr));
    process.exit(1);
  }
}
