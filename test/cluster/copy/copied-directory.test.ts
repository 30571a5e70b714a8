/**
 * A data directory that is copied while it is written and cleared: what arrives can be opened, follows on, and has the
 * same then as the one that it was copied from. A failing run is repeated with the seed that it prints (LEVERET_SEED).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyFrom } from '../../../dist/cluster/copy/copy-from.js';
import { CopySource } from '../../../dist/cluster/copy/copy-source.js';
import { CopyStaging } from '../../../dist/cluster/copy/copy-staging.js';
import { openDataView } from '../../../dist/cluster/copy/data-view.js';
import { restoreDefinitions } from '../../../dist/cluster/copy/made-files.js';
import { systemClock } from '../../../dist/platform/clock.js';
import { Definitions } from '../../../dist/store/definitions.js';
import { LocalDirectory } from '../../../dist/store/log/local-directory.js';
import { temporaryDirectory } from '../../store/support/directories.js';
import { randomFrom } from '../../store/support/simulated.js';
import { deferred } from '../../support/waiting.js';
import { FollowedFilesOf, SimulatedDefinitions } from '../support/followed-disk.js';
import { bodiesOf, heldIn } from '../support/held.js';
import { MemoryAsking } from '../support/memory-asking.js';
import { type Sample, SampleStream } from '../support/sample-stream.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const RUNS = Number(process.env.LEVERET_RUNS ?? 4);
const PORTIONS = 150;
/** Portions that are being written. */
const AHEAD = 8;

type Random = () => number;
type Disk = FollowedFilesOf<LocalDirectory>;

async function diskAt(path: string, definitions?: SimulatedDefinitions): Promise<Disk> {
  return new FollowedFilesOf(await LocalDirectory.at(join(path, 'log')), definitions);
}

function pass(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Applies what is behind its position, and clears away amid it; `at` is told of each. */
async function follow(disk: Disk, samples: readonly Sample[], random: Random, at: (index: number) => void, path = '') {
  const { replica, log, error } = await disk.follow();
  const { definitions } = disk;
  const view = () => openDataView({ path, definitions, log });
  const source = path === '' ? null : new CopySource(asking.of('a'), view, systemClock);
  const from = disk.position.sequence;
  for (const [index, { portion }] of samples.entries()) {
    if (portion.position.sequence <= from) continue;
    at(index);
    replica.apply(portion);
    // What is applied waits for a real disk.
    while (disk.position.sequence < portion.position.sequence - AHEAD) await pass();
    if (random() < 0.1) await log.reclaim();
  }
  return { replica, log, error, source };
}

let asking = new MemoryAsking();

test(`${RUNS} directories are copied while they are written`, { timeout: 600_000 }, async () => {
  process.stdout.write(`directories that are copied, from seed ${SEED} (LEVERET_SEED=${SEED} repeats them)\n`);
  let behind = 0;
  for (let run = 0; run < RUNS; run++) {
    const at = `seed ${SEED + run}`;
    const random = randomFrom(SEED + run);
    const samples = new SampleStream(random).take(PORTIONS);
    const last = bodiesOf((samples.at(-1) as Sample).expected);
    const directory = await temporaryDirectory();
    const [sourcePath, targetPath] = [join(directory, 'a'), join(directory, 'b')];
    mkdirSync(sourcePath);
    asking = new MemoryAsking();
    // Not at once: a node that has applied nothing yet shows nothing.
    const begin = AHEAD + 2 + Math.floor(random() * (PORTIONS - AHEAD - 10));
    const copying = deferred<Awaited<ReturnType<typeof copyFrom>>>();
    const source = await follow(
      await diskAt(sourcePath),
      samples,
      random,
      (index) => {
        if (index !== begin) return;
        copyFrom({
          asking: asking.of('b'),
          source: 'a',
          copier: 'b',
          staging: new CopyStaging(targetPath),
          limits: { portion: 1000, pauseMs: 0 },
        }).then(copying.resolve, copying.reject);
      },
      sourcePath,
    );
    const position = await copying.promise;
    expect(source.source?.copies, at).toBe(0);
    await source.log.reclaim();
    await source.replica.close();
    expect(source.error(), at).toBe(null);
    await restoreDefinitions(targetPath, join(targetPath, 'definitions'));
    const store = Definitions.open(join(targetPath, 'definitions'));
    const copy = await diskAt(targetPath, SimulatedDefinitions.of(store));
    await store.close();
    expect(copy.position, at).toEqual(position);
    const opened = await copy.recover({ follows: true });
    expect([opened.report.lost, opened.report.damaged], at).toEqual([[], []]);
    await opened.close(null);
    if (position.sequence < PORTIONS) behind += 1;
    const followed = await follow(copy, samples, random, () => undefined);
    await followed.replica.close();
    expect(followed.error(), at).toBe(null);
    const recovered = await copy.recover();
    expect(await heldIn(recovered), at).toEqual(last);
    await recovered.close(null);
  }
  expect(behind).toBeGreaterThan(0);
});
