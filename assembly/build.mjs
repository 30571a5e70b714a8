/**
 * Compiles the core, the targets of asconfig.json, and the log's module, when a source is newer than what was built.
 * `--force` compiles in any case. Then writes the numbers that they export into src/numbers, for the host and the twin,
 * if they are not what stands there, and which of them core.small.wasm has; where nobody would commit them (CI is set)
 * that is an error.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { CORE_BUILD, SMALL_CORE_BUILD } from './small-builds.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const core = ['--config', 'asconfig.json', '--target'];
const builds = [
  { output: 'dist/core.threads.wasm', options: [...core, 'threads'] },
  { output: 'dist/core.wasm', options: CORE_BUILD },
  { output: 'dist/core.small.wasm', options: SMALL_CORE_BUILD },
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

/** The numbers among the exports of a module, which needs no memory of its host's. */
function numbersOf(file, imports) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports);
  return Object.entries(exports).flatMap(([name, value]) =>
    value instanceof WebAssembly.Global ? [[name, value.value]] : [],
  );
}

function writeNumbers(file, subject, numbers) {
  write(
    file,
    subject,
    numbers.map(([name, value]) => `export const ${name} = ${value};`),
  );
}

function write(file, subject, lines) {
  const text = [`/** ${subject} Written by assembly/build.mjs: do not edit. */`, ...lines, ''].join('\n');
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  if (process.env.CI) {
    console.error(`${file} is not what the core says: npm run build, and commit it`);
    process.exitCode = 1;
  }
  writeFileSync(file, text);
}

const logNumbers = numbersOf('dist/log.wasm', { env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }) } });
const inLog = new Set(logNumbers.map(([name]) => name));
const coreNumbers = numbersOf('dist/core.wasm', { host: { heldBack() {} } }).filter(([name]) => !inLog.has(name));
writeNumbers('src/numbers/log.ts', 'What log records look like: the numbers of assembly/format/record.ts.', logNumbers);
writeNumbers('src/numbers/core.ts', 'The numbers that the core shares: those of assembly/exports.', coreNumbers);
write('src/numbers/small.ts', 'Those of core.ts that core.small.wasm has.', [
  'export {',
  ...numbersOf('dist/core.small.wasm', {})
    .map(([name]) => `  ${name},`)
    .sort(),
  "} from './core.js';",
]);
