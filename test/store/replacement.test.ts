/**
 * Another log and other definitions take the place of a data directory's: whatever ends while they do, one of the two is
 * there whole when it is next opened.
 */
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DataDirectory, openForInspection } from '../../dist/store/data-directory.js';
import { finishReplacement, type Moving, replaceBy } from '../../dist/store/replacement.js';
import { temporaryDirectory } from './support/directories.js';

const PARTS = ['log', 'definitions'];
const NOTHING = '-';

async function put(directory: string, text: string): Promise<void> {
  for (const part of PARTS) {
    await fs.mkdir(join(directory, part), { recursive: true });
    await fs.writeFile(join(directory, part, 'content'), text);
  }
}

/** A data directory with something in it, or nothing yet, and what is to take its place. */
async function staged(text: string): Promise<string> {
  const path = await temporaryDirectory();
  const data = await DataDirectory.open(path);
  if (text !== NOTHING) await put(path, text);
  await put(data.stagingPath, 'new');
  await fs.writeFile(join(data.stagingPath, 'format.json'), '{"format":1}');
  data.close();
  return path;
}

/** What a start finds. */
async function found(path: string): Promise<string[]> {
  const data = await DataDirectory.open(path);
  try {
    return await Promise.all(
      PARTS.map((part) => fs.readFile(join(path, part, 'content'), 'utf8').catch(() => NOTHING)),
    );
  } finally {
    data.close();
  }
}

/** The calls up to this one are made, and no more. */
function endsAt(call: number): Moving {
  let left = call;
  const counted = async (make: () => Promise<unknown>): Promise<void> => {
    if (left === 0) throw new Error('ended');
    left -= 1;
    await make();
  };
  return {
    rename: (from, to) => counted(() => fs.rename(from, to)),
    make: (path) => counted(() => fs.mkdir(path, { recursive: true })),
    remove: (path) => counted(() => fs.rm(path, { recursive: true, force: true })),
    sync: () => counted(async () => undefined),
  };
}

async function isWhole(made: Promise<void>): Promise<boolean> {
  return made.then(
    () => true,
    (error: Error) => {
      if (error.message !== 'ended') throw error;
      return false;
    },
  );
}

test.each([
  'old',
  NOTHING,
])('whatever ends while it takes the place of %s, one of the two is there whole', async (old) => {
  let hasChanged = false;
  for (let call = 0; ; call++) {
    const path = await staged(old);
    const whole = await isWhole(replaceBy(join(path, 'incoming'), path, endsAt(call)));
    // The start that is to finish it ends, too, and the next one after it.
    for (let again = 0; again < call; again += 3) await isWhole(finishReplacement(path, endsAt(again)));
    const [log, definitions] = await found(path);
    expect(definitions, `ended at call ${call}`).toBe(log);
    if (hasChanged || whole) expect(log, `ended at call ${call}`).toBe('new');
    hasChanged ||= log === 'new';
    const names = await fs.readdir(path);
    expect(names.filter((name) => name.startsWith('repl'))).toEqual([]);
    expect(names.includes('incoming')).toBe(!hasChanged);
    if (whole) break;
  }
  expect(hasChanged).toBe(true);
});

test('what is not whole takes no place', async () => {
  const path = await staged('old');
  await fs.rm(join(path, 'incoming', 'definitions'), { recursive: true });
  const data = await DataDirectory.open(path);
  await expect(data.replace()).rejects.toThrow('has no definitions to be used');
  data.close();
  expect(await found(path)).toEqual(['old', 'old']);
});

test('what is amid it is not looked at, and stays for its node', async () => {
  const path = await staged('old');
  await fs.rename(join(path, 'incoming'), join(path, 'replacement'));
  const refusal = `a copy is taking the place of what is in ${path}: start its node, which finishes that`;
  await expect(openForInspection(path)).rejects.toThrow(refusal);
  expect(await found(path)).toEqual(['new', 'new']);
});
