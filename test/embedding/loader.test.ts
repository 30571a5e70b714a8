/** `leveret/core`: the core for programs of other runtimes. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { layout, records } from 'leveret/core';
import { expect, onTestFinished, test } from 'vitest';
import * as coreNumbers from '../../src/numbers/core.js';
import * as logNumbers from '../../src/numbers/log.js';

const STORY = pathOf('../../examples/core/story.txt');
const STEPS = 10_000;

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** What a script prints; what it is told to check fails by its exit code. */
async function run(script: string, ...given: readonly (string | number)[]): Promise<string> {
  const ran = promisify(execFile)(process.execPath, [pathOf(script), ...given.map(String)], { maxBuffer: 1 << 26 });
  return (await ran).stdout;
}

/** Plays a scenario on all binaries. */
async function playAll(scenario: string): Promise<void> {
  const script = '../../examples/core/javascript/play.mjs';
  const cores = [[], ['alone'], ['small']].map((core) => run(script, scenario, ...core));
  const [shared, ...others] = await Promise.all(cores);
  expect(shared).toMatch(/^\d+ steps, outcomes [0-9a-f]{8}\n$/);
  expect(others).toEqual([shared, shared]);
}

test('what is loaded with the core is one file that imports nothing', async () => {
  const { metafile } = await build({
    entryPoints: [pathOf('../../dist/core.js')],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    packages: 'external',
  });
  expect(Object.values(metafile.inputs).map(({ imports }) => imports)).toEqual([[]]);
});

test('the layout and the records are the numbers of the core', () => {
  expect({ ...layout }).toEqual({ ...coreNumbers });
  expect({ ...records }).toEqual({ ...logNumbers });
});

test('the story of the examples comes out in all binaries as it is written', async () => {
  await playAll(STORY);
});

test('10,000 random steps come out in all binaries as in the twin', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? 1 + (Date.now() % 1_000_000));
  console.info(`random steps: repeat with LEVERET_SEED=${seed}`);
  const folder = await mkdtemp(join(tmpdir(), 'leveret-scenario-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const scenario = join(folder, 'random.txt');
  await writeFile(scenario, await run('random-scenario.mjs', STEPS, seed));
  await playAll(scenario);
});
