/** Small projects of users of the package, with the package beside them as it is packed, and a test runner. */
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';

const run = promisify(execFile);
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');

/** A test, as a runner tells of it. */
export interface Told {
  readonly name: string;
  readonly status: string;
  /** The first line of why it failed, and what is indented below it. */
  readonly why: string;
}

export class Project {
  readonly place = mkdtempSync(join(tmpdir(), 'leveret-runners-'));

  /** Installs the package, and what it and its tests need. */
  async install(): Promise<void> {
    const modules = join(this.place, 'node_modules');
    mkdirSync(modules);
    // All that this repository has: a project of users has its own.
    for (const name of readdirSync(join(ROOT, 'node_modules')))
      if (!name.startsWith('.') && name !== 'leveret')
        symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    await run('npm', ['pack', '--silent', '--pack-destination', this.place], { cwd: ROOT });
    const tarball = readdirSync(this.place).find((name) => name.endsWith('.tgz')) ?? '';
    await run('tar', ['-xzf', join(this.place, tarball), '-C', modules]);
    renameSync(join(modules, 'package'), join(modules, 'leveret'));
  }

  write(path: string, text: string): void {
    const file = join(this.place, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }

  /** Runs Vitest in a folder; what became of each test. */
  vitest(folder: string, ...flags: string[]): Promise<readonly Told[]> {
    return this.#play(folder, VITEST, ['run', '--root', '.', '--reporter=json', '--outputFile=told.json', ...flags]);
  }

  /** The same with Jest. `esm`: tests are ES modules. */
  jest(folder: string, esm = false): Promise<readonly Told[]> {
    const flags = ['--json', '--outputFile=told.json', '--rootDir=.', '--testRegex=\\.test\\.(js|mjs)$'];
    return this.#play(folder, JEST, flags, esm ? { NODE_OPTIONS: '--experimental-vm-modules' } : {});
  }

  async #play(folder: string, program: string, flags: readonly string[], more = {}): Promise<readonly Told[]> {
    const cwd = join(this.place, folder);
    // What this runner has set for its own tests is no business of theirs.
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|JEST|NODE_ENV|TEST|DEV|PROD|MODE|BASE_URL)/.test(name),
    );
    const env = { ...Object.fromEntries(own), ...more };
    const ended = await run(process.execPath, [program, ...flags], { cwd, env }).catch(
      (error: { readonly stdout: string; readonly stderr: string }) => error,
    );
    try {
      return toldOf(JSON.parse(readFileSync(join(cwd, 'told.json'), 'utf8')) as Report);
    } catch {
      throw new Error(`the runner has told nothing:\n${ended.stdout}\n${ended.stderr}`);
    }
  }

  remove(): void {
    rmSync(this.place, { recursive: true, force: true });
  }
}

/** What both runners write. */
interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

function toldOf({ testResults }: Report): readonly Told[] {
  const files = testResults.filter(({ assertionResults }) => assertionResults.length === 0);
  if (files.length > 0) throw new Error(files.map(({ message }) => message).join('\n'));
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ title, status, failureMessages }) => {
      const text = stripVTControlCharacters(failureMessages?.[0] ?? '').replace(/^Error: /, '');
      return { name: title, status, why: text.split(/\n\s+at /)[0] ?? '' };
    }),
  );
}
