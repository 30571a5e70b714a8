/**
 * A node's files are copied by another one: wholly, octet by octet, over whatever loses or changes what is asked and
 * answered; a copy that breaks off goes on where it was.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { CopyError } from '../../../src/cluster/copy/copy-error.js';
import { type CopyLimits, copyFrom } from '../../../src/cluster/copy/copy-from.js';
import { CopySource } from '../../../src/cluster/copy/copy-source.js';
import { CopyStaging } from '../../../src/cluster/copy/copy-staging.js';
import { type CopyView, DirectoryView } from '../../../src/cluster/copy/copy-view.js';
import { CHAIN_START, type ChainPosition } from '../../../src/cluster/records/link.js';
import { VirtualClock } from '../../../src/platform/virtual-clock.js';
import { MemoryAsking } from '../support/memory-asking.js';

const POSITION: ChainPosition = { ...CHAIN_START, sequence: 7, counted: 7, link: new Uint8Array(16).fill(9), epoch: 2 };
const LIMITS: Partial<CopyLimits> = { portion: 1000, pauseMs: 0 };

type Files = Record<string, Uint8Array>;

/** Octets that tell where they stand. */
function octets(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + seed) & 255);
}

class Scene {
  readonly asking: MemoryAsking;
  readonly clock = new VirtualClock();
  readonly directory = mkdtempSync(join(tmpdir(), 'leveret-copy-'));
  readonly target = join(this.directory, 'copy');
  staging = new CopyStaging(this.target);
  readonly source: CopySource;
  files: Files = {};
  /** Files that are made for each view. */
  made: Files = { definitions: octets(3000) };
  run = 0;
  opened = 0;
  released = 0;

  constructor(octetsMax?: number) {
    this.asking = new MemoryAsking(octetsMax);
    mkdirSync(join(this.directory, 'data'));
    this.source = this.open();
    onTestFinished(() => rmSync(this.directory, { recursive: true }));
  }

  /** The source, started (again). */
  open(): CopySource {
    this.run += 1;
    return new CopySource(this.asking.of('a'), async () => this.view(), this.clock);
  }

  put(name: string, content: Uint8Array): void {
    const path = join(this.directory, 'data', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    this.files[name] = content;
  }

  clear(name: string): void {
    rmSync(join(this.directory, 'data', name));
    delete this.files[name];
  }

  view(): CopyView {
    this.opened += 1;
    const listed = Object.entries(this.files).map(([name, { length }]) => ({ name, octets: length }));
    const made = Object.entries(this.made).map(([name, content]) => ({ name, octets: content }));
    return new DirectoryView(join(this.directory, 'data'), `${this.run}`, POSITION, listed, made, async () => {
      this.released += 1;
    });
  }

  copy(signal?: AbortSignal, onProgress?: (octets: number) => void, limits = LIMITS): Promise<ChainPosition> {
    return copyFrom({
      asking: this.asking.of('b'),
      source: 'a',
      copier: 'b',
      staging: this.staging,
      limits,
      ...(signal !== undefined && { signal }),
      ...(onProgress !== undefined && { onProgress: (progress) => onProgress(progress.octets) }),
    });
  }

  /** What the target has, without the note. */
  copied(): Files {
    const names = readdirSync(this.target, { recursive: true }) as string[];
    const files = names.filter((name) => name !== 'copy.json' && statSync(join(this.target, name)).isFile());
    return Object.fromEntries(
      files.sort().map((name) => [name, new Uint8Array(readFileSync(join(this.target, name)))]),
    );
  }

  expectWhole(): void {
    const all = { ...this.files, ...this.made };
    expect(this.copied()).toEqual(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))));
  }
}

async function errorOf(copy: Promise<unknown>): Promise<CopyError> {
  const error = await copy.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof CopyError) return error;
  throw new Error(`expected a CopyError, not ${String(error)}`);
}

test('all files arrive with their names and lengths, and the position that they are of', async () => {
  const scene = new Scene();
  scene.put('log/1-1.log', octets(12_345));
  scene.put('log/2-1.log', octets(1000, 2));
  scene.put('empty', octets(0));
  const seen: number[] = [];
  expect(await scene.copy(undefined, (copied) => seen.push(copied))).toEqual(POSITION);
  scene.expectWhole();
  expect(await scene.staging.whole()).toEqual(POSITION);
  expect([seen[0], seen.at(-1)]).toEqual([0, 16_345]);
  expect([scene.source.copies, scene.opened, scene.released]).toEqual([0, 1, 1]);
});

test('only what stood there when it began is copied, though files grow', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(5000));
  const { files } = scene;
  scene.files = { ...files };
  scene.put('1.log', octets(9000));
  scene.files = files;
  await scene.copy();
  scene.expectWhole();
});

test('more files than one answer lists are copied', async () => {
  const scene = new Scene();
  for (let i = 0; i < 220; i++) scene.put(`${i}.log`, octets(3, i));
  await scene.copy();
  scene.expectWhole();
});

test('a copy that breaks off goes on where it was, and is not whole before', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(50_000));
  scene.put('2.log', octets(50_000, 5));
  const abort = new AbortController();
  const broken = scene.copy(abort.signal, (copied) => copied >= 70_000 && abort.abort(new Error('killed')));
  await expect(broken).rejects.toThrow('killed');
  expect(await scene.staging.whole()).toBeNull();
  scene.asking.asked = 0;
  const seen: number[] = [];
  await scene.copy(undefined, (copied) => seen.push(copied));
  expect(seen[0]).toBeGreaterThanOrEqual(70_000);
  expect(scene.asking.asked).toBeLessThan(45);
  scene.expectWhole();
});

test('what was not noted as written to disk is fetched again', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(10_000));
  await scene.copy();
  // As after a loss of power: more of the file than was synced, and other octets there.
  const note = JSON.parse(readFileSync(join(scene.target, 'copy.json'), 'utf8'));
  writeFileSync(join(scene.target, 'copy.json'), JSON.stringify({ ...note, files: { '1.log': 4000 }, position: null }));
  writeFileSync(join(scene.target, '1.log'), Buffer.concat([octets(4000), new Uint8Array(9000)]));
  scene.staging = new CopyStaging(scene.target);
  const seen: number[] = [];
  await scene.copy(undefined, (copied) => seen.push(copied));
  expect(seen[0]).toBe(4000);
  scene.expectWhole();
});

test('a source that was started again is copied from the beginning: its files may have changed', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(10_000));
  await scene.copy();
  scene.put('1.log', octets(10_000, 77));
  scene.open();
  const seen: number[] = [];
  await scene.copy(undefined, (copied) => seen.push(copied));
  expect(seen[0]).toBe(0);
  scene.expectWhole();
});

test('a file that is cleared away amid the copy has it begin again, with what is there of the others', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(20_000));
  scene.put('2.log', octets(20_000, 3));
  scene.put('3.log', octets(20_000, 4));
  let isCleared = false;
  const seen: number[] = [];
  await scene.copy(undefined, (copied) => {
    seen.push(copied);
    if (copied < 10_000 || isCleared) return;
    isCleared = true;
    scene.clear('2.log');
  });
  expect([scene.opened, scene.released]).toEqual([2, 2]);
  expect(seen.filter((copied, i) => copied < (seen[i - 1] ?? 0))).toHaveLength(0);
  scene.expectWhole();
});

test('files that are cleared away again and again end it', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(10));
  rmSync(join(scene.directory, 'data', '1.log'));
  expect(await errorOf(scene.copy())).toMatchObject({
    code: 'gone',
    message: 'the files of a cannot be copied: they were cleared away 10 times while they were copied',
  });
});

test('octets that change on their way are noticed and asked for again, and told of in the end', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(20_000));
  let answers = 0;
  scene.asking.faults = {
    change: (given) => {
      if (answers++ % 3 !== 0) return given;
      const changed = Uint8Array.from(given);
      changed[(answers * 37) % changed.length] = (changed[(answers * 37) % changed.length] ?? 0) ^ 4;
      return changed;
    },
  };
  await scene.copy();
  scene.expectWhole();
  scene.asking.faults = { change: (given) => given.subarray(1) };
  expect(await errorOf(scene.copy())).toMatchObject({
    code: 'corrupt',
    message: 'the files of a cannot be copied: what arrives is not what was sent, 6 times in a row',
  });
});

test('an answer to another question is none', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(20_000));
  let before: Uint8Array | null = null;
  let answers = 0;
  scene.asking.faults = {
    change: (given) => {
      const told = answers++ % 4 === 3 ? (before ?? given) : given;
      before = given;
      return told;
    },
  };
  await scene.copy();
  scene.expectWhole();
});

test('a source that is not there is told of', async () => {
  const scene = new Scene();
  const asking = scene.asking.of('b');
  const copy = copyFrom({ asking, source: 'c', copier: 'b', staging: scene.staging, limits: LIMITS });
  expect(await errorOf(copy)).toMatchObject({
    code: 'silent',
    message: 'the files of c cannot be copied: it gives no answer, asked 6 times (nobody hears)',
  });
});

test('no more than two copy at a time; one that asks no more is over after a while', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(10_000));
  for (const copier of ['x', 'y']) {
    const abort = new AbortController();
    const asking = scene.asking.of(copier);
    const staging = new CopyStaging(join(scene.directory, copier));
    const onProgress = ({ octets: copied }: { octets: number }): void => {
      if (copied > 3000) abort.abort(new Error('killed'));
    };
    const copy = copyFrom({ asking, source: 'a', copier, staging, limits: LIMITS, onProgress, signal: abort.signal });
    await expect(copy).rejects.toThrow('killed');
  }
  expect(scene.source.copies).toBe(2);
  expect(await errorOf(scene.copy())).toMatchObject({ code: 'busy' });
  scene.clock.runUntil(scene.clock.elapsed() + 60_001);
  await expect.poll(() => scene.released).toBe(2);
  await scene.copy();
  scene.expectWhole();
});

test('the same copier that begins again has one view, and a source that ends has none', async () => {
  const scene = new Scene();
  scene.put('1.log', octets(10_000));
  for (let i = 0; i < 5; i++) {
    const abort = new AbortController();
    const copy = scene.copy(abort.signal, (copied) => copied > 3000 && abort.abort(new Error('killed')));
    await copy.catch(() => {});
  }
  expect(scene.source.copies).toBeLessThanOrEqual(1);
  await scene.source.close();
  expect([scene.source.copies, scene.released]).toEqual([0, scene.opened]);
  expect(await errorOf(scene.copy())).toMatchObject({ code: 'busy' });
});

test.each([
  '../out',
  '/etc/passwd',
  'a/../../b',
  '.',
  '',
  'a//b',
  'copy.json',
  'a\\b',
  'a\0b',
])('a file by the name %j is refused, and nothing is written', async (name) => {
  const scene = new Scene();
  scene.made = { [name]: octets(10) };
  expect(await errorOf(scene.copy())).toMatchObject({ code: 'refused' });
  expect(readdirSync(scene.directory).sort()).toEqual(['data']);
});

test('at random: files, losses, changes and ends come to the same files', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 31);
  console.log(`LEVERET_SEED=${seed}`);
  const sizes = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 4 });
  const faults = fc.array(fc.constantFrom('none', 'none', 'none', 'none', 'lost', 'changed', 'doubled', 'killed'), {
    minLength: 1,
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(sizes, faults, fc.integer({ min: 1, max: 9000 }), async (lengths, plan, portion) => {
      const scene = new Scene(8000);
      for (const [i, length] of lengths.entries()) scene.put(`log/${i}.log`, octets(length, i));
      let at = 0;
      const is = (fault: string): boolean => plan[at % plan.length] === fault;
      let abort = new AbortController();
      scene.asking.faults = {
        isLost: () => {
          at += 1;
          if (is('killed')) abort.abort(new Error('killed'));
          return is('lost');
        },
        isDoubled: () => is('doubled'),
        change: (given) =>
          is('changed') ? given.map((octet, i) => (i === at % given.length ? octet ^ 1 : octet)) : given,
      };
      let position: ChainPosition | null = null;
      // A plan of faults alone would never come to an end.
      for (let copies = 0; position === null; copies++) {
        if (copies === 20) scene.asking.faults = {};
        abort = new AbortController();
        position = await scene
          .copy(abort.signal, undefined, { portion: Math.max(portion, 300), pauseMs: 0 })
          .catch(() => null);
      }
      expect(position).toEqual(POSITION);
      scene.expectWhole();
    }),
    { seed, numRuns: 20 },
  );
});
