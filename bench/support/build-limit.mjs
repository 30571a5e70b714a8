/**
 * Compiles the load generator and the relay for this machine, into bench/limit/build/. The generator that speaks TLS is
 * a program of its own, since that one needs OpenSSL.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT = fileURLToPath(new URL('../limit/', import.meta.url));
const FLAGS = ['-O2', '-march=native', '-Wall', '-Wextra'];

/** Of the generator's files each program has one: that with TLS, or that which does without. */
const WITH_TLS = 'tls.c';
const WITHOUT_TLS = 'no_tls.c';

export function buildLimit() {
  compile('load', 'load', (name) => name !== WITH_TLS);
  compile('relay', 'relay', () => true);
}

/** The generator that speaks TLS, and plain too: `load-tls`. */
export function buildTlsLoad() {
  compile('load', 'load-tls', (name) => name !== WITHOUT_TLS, ['-lssl', '-lcrypto']);
}

/**
 * @param {string} folder
 * @param {string} program
 * @param {(name: string) => boolean} isPart
 * @param {readonly string[]} libraries
 */
function compile(folder, program, isPart, libraries = []) {
  mkdirSync(join(LIMIT, 'build'), { recursive: true });
  const sources = readdirSync(join(LIMIT, folder)).filter((name) => name.endsWith('.c') && isPart(name));
  const paths = sources.map((name) => join(LIMIT, folder, name));
  const built = join(LIMIT, 'build', program);
  // Another bench may run the one before, or compile it too.
  const own = `${built}.${process.pid}`;
  execFileSync('gcc', [...FLAGS, '-o', own, ...paths, ...libraries], { stdio: 'inherit' });
  renameSync(own, built);
}
