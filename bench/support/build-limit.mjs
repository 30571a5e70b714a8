/**
 * Compiles the load generator and the relay for this machine, into bench/limit/build/.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT = fileURLToPath(new URL('../limit/', import.meta.url));
const FLAGS = ['-O2', '-march=native', '-Wall', '-Wextra'];

export function buildLimit() {
  mkdirSync(join(LIMIT, 'build'), { recursive: true });
  for (const program of ['load', 'relay']) compile(program);
}

/** @param {string} program */
function compile(program) {
  const folder = join(LIMIT, program);
  const sources = readdirSync(folder).filter((name) => name.endsWith('.c'));
  const paths = sources.map((name) => join(folder, name));
  execFileSync('gcc', [...FLAGS, '-o', join(LIMIT, 'build', program), ...paths], { stdio: 'inherit' });
}
