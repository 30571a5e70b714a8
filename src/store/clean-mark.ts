/**
 * A file that stands in the log's directory while nobody writes there and everything is known. What must hold: it is durable after all that it
 * vouches for, and it is gone, durably, before anything new is written.
 */
import type { LogDirectory } from './log-directory.js';

export const CLEAN_MARK = 'clean';

/** Says that the log was ended in order. */
export async function writeCleanMark(directory: LogDirectory): Promise<void> {
  const file = await directory.create(CLEAN_MARK);
  try {
    await file.write([Buffer.from('the log was ended in order\n')], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await directory.syncNames();
}

/** Whether it was; from now on it is not. */
export async function takeCleanMark(directory: LogDirectory): Promise<boolean> {
  const clean = (await directory.list()).some(({ name }) => name === CLEAN_MARK);
  if (!clean) return false;
  await directory.remove(CLEAN_MARK);
  await directory.syncNames();
  return true;
}
