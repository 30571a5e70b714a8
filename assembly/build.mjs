/**
 * Compiles the core, both targets of asconfig.json, when a source is newer than what was built. `--force` compiles in any case.
 */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outputs = { threads: join(root, 'dist/core.threads.wasm'), single: join(root, 'dist/core.wasm') };

/** Modification time in ms; 0 when there is no such file. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

const sources = readdirSync(join(root, 'assembly'), { recursive: true }).map((name) =>
  join(root, 'assembly', String(name)),
);
const newest = Math.max(...sources.map(modified), modified(join(root, 'asconfig.json')));

process.chdir(root);
for (const [target, output] of Object.entries(outputs)) {
  if (modified(output) > newest && !process.argv.includes('--force')) continue;
  const { error, stderr } = await asc.main(['--config', 'asconfig.json', '--target', target]);
  if (error) {
    console.error(String(stderr));
    process.exit(1);
  }
}
