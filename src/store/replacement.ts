/**
 * Another log and other definitions take the place of those of a data directory: made beside them, whole, and moved. One
 * rename decides; before it all is as it was, and behind it the next start finishes what is left. What must hold:
 * whatever ends when, the one or the other is there whole; the lock of the directory, which does not move, is held.
 */
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryError } from './data-directory-error.js';
import { syncPath } from './log/local-directory.js';

/** What moves; all else in a data directory stays. */
const PARTS = ['log', 'definitions'];
/** What has been decided for, and what it takes the place of. */
const REPLACEMENT = 'replacement';
const REPLACED = 'replaced';

/** The calls that change something. */
export interface Moving {
  rename(from: string, to: string): Promise<void>;
  make(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  sync(path: string): Promise<void>;
}

const moving: Moving = {
  rename: (from, to) => fs.rename(from, to),
  make: async (path) => void (await fs.mkdir(path, { recursive: true, mode: 0o700 })),
  remove: (path) => fs.rm(path, { recursive: true, force: true }),
  sync: syncPath,
};

/** `staged`: a directory in this one, with a whole log and definitions, all of them durable. */
export async function replaceBy(staged: string, path: string, calls: Moving = moving): Promise<void> {
  for (const part of PARTS) {
    if (!(await isThere(join(staged, part)))) throw new DataDirectoryError(`${staged} has no ${part} to be used`);
  }
  await finishReplacement(path, calls);
  await calls.sync(staged);
  await calls.rename(staged, join(path, REPLACEMENT));
  await calls.sync(path);
  await finishReplacement(path, calls);
}

/** Whether one has been decided for, and is not finished. */
export function isUnfinished(path: string): Promise<boolean> {
  return isThere(join(path, REPLACEMENT));
}

/** Finishes what ended amid it; where nothing did, nothing changes. */
export async function finishReplacement(path: string, calls: Moving = moving): Promise<void> {
  const [replacement, replaced] = [join(path, REPLACEMENT), join(path, REPLACED)];
  if (await isUnfinished(path)) {
    await calls.make(replaced);
    await calls.sync(path);
    for (const part of PARTS) {
      if (!(await isThere(join(replacement, part)))) continue;
      // One move is durable before the next one is begun: a loss of power leaves no other order.
      if (await isThere(join(path, part))) {
        await calls.rename(join(path, part), join(replaced, part));
        await calls.sync(replaced);
        await calls.sync(path);
      }
      await calls.rename(join(replacement, part), join(path, part));
      await calls.sync(path);
      await calls.sync(replacement);
    }
    await calls.remove(replacement);
    await calls.sync(path);
  }
  if (await isThere(replaced)) await calls.remove(replaced);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await fs.stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
