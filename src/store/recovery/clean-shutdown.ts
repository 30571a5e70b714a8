/**
 * A file that stands in the log's directory while nobody writes there and everything is known: a line of words, then a
 * line for each log file with its name and where it ends, so that what is gone of the files when they are read again is
 * missed. What must hold: it is durable after all that it vouches for, and it is gone, durably, before anything new is
 * written.
 */
import { parseFileName } from '../../log/record-format.js';
import type { LogDirectory } from '../log/log-directory.js';
import { type Ends, withFile } from '../log/log-set.js';

export const CLEAN_SHUTDOWN_MARKER = 'clean';

/** Says that the log was ended in order. */
export async function writeCleanShutdownMarker(directory: LogDirectory, ends: Ends): Promise<void> {
  const file = await directory.create(CLEAN_SHUTDOWN_MARKER);
  try {
    const lines = ['the log was ended in order', ...[...ends].map(([name, octets]) => `${name} ${octets}`)];
    await file.write([Buffer.from(`${lines.join('\n')}\n`)], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await directory.syncNames();
}

/** What the marker says; null: there is none. */
export async function readCleanShutdownMarker(directory: LogDirectory): Promise<Ends | null> {
  const marker = (await directory.list()).find(({ name }) => name === CLEAN_SHUTDOWN_MARKER);
  if (marker === undefined) return null;
  const bytes = new Uint8Array(marker.octets);
  await withFile(directory, CLEAN_SHUTDOWN_MARKER, (file) => file.read(bytes, 0));
  // A marker that was changed vouches for what can be read of it.
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .matchAll(/^(\S+) (\d+)$/gm);
  return new Map(
    [...lines].flatMap(([, name = '', octets]) => (parseFileName(name) === null ? [] : [[name, Number(octets)]])),
  );
}

/** From now on there is none. */
export async function removeCleanShutdownMarker(directory: LogDirectory): Promise<void> {
  const names = await directory.list();
  if (!names.some(({ name }) => name === CLEAN_SHUTDOWN_MARKER)) return;
  await directory.remove(CLEAN_SHUTDOWN_MARKER);
  await directory.syncNames();
}
