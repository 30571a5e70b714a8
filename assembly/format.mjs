/**
 * Formats the core's sources, which Biome cannot read: AssemblyScript has decorators where TypeScript has none. Without
 * `--write` it changes nothing, names what is not formatted, and ends with 1.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const write = process.argv.includes('--write');
const options = { plugins: ['assemblyscript-prettier'], printWidth: 120, singleQuote: true };
const files = readdirSync('assembly', { recursive: true }).filter((path) => path.endsWith('.ts'));
let wrong = 0;
for (const file of files) {
  const path = `assembly/${file}`;
  const before = readFileSync(path, 'utf8');
  // The plugin leaves two empty lines before a decorator.
  const after = (await format(before, { ...options, filepath: path })).replaceAll(/\n{3,}/g, '\n\n');
  if (after === before) continue;
  wrong += 1;
  if (write) writeFileSync(path, after);
  console.log(write ? `formatted ${path}` : `${path} is not formatted: npm run format`);
}
if (wrong > 0 && !write) process.exitCode = 1;
