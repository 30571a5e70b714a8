/** The package as other programs have it: packed, and unpacked beside a program of their own. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

export const run = promisify(execFile);
export const root = fileURLToPath(new URL('../..', import.meta.url));
/** What the package needs of others. */
const NEEDED = ['@assemblyscript', 'koffi', 'lmdb', 're2js', 'smol-toml', '@types'];

/** A folder for the programs of a file's tests, with the package and `others` in its `node_modules`. */
export function usePacked(others: readonly string[] = []): () => string {
  let place: string;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'leveret-package-'));
    const modules = join(place, 'node_modules');
    mkdirSync(modules);
    for (const name of [...NEEDED, ...others]) symlinkSync(join(root, 'node_modules', name), join(modules, name));
    await run('npm', ['pack', '--silent', '--pack-destination', place], { cwd: root });
    const tarball = readdirSync(place).find((name) => name.endsWith('.tgz')) ?? '';
    await run('tar', ['-xzf', join(place, tarball), '-C', modules]);
    renameSync(join(modules, 'package'), join(modules, 'leveret'));
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  return () => place;
}
