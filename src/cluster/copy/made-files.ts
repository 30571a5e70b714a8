/**
 * What a copy has in the place of a store of definitions: files that are made for it, and what is made of them where it
 * arrives. What must hold: what is read is what was written, or an error says what is wrong with it.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeChanges } from '../../store/definition-changes.js';
import { Definitions, type Followed } from '../../store/definitions.js';
import { fromJson, toJson } from './copy-messages.js';

export const MADE = { definitions: 'definitions.json', followed: 'followed.json' } as const;

export function encodeFollowed({ nextMessages, ...rest }: Followed): Uint8Array {
  return Buffer.from(toJson({ ...rest, nextMessages: [...nextMessages] }));
}

/** Makes the store of definitions of a directory that has these files. */
export async function restoreDefinitions(directory: string, path: string): Promise<void> {
  const { changes, nextQueueId } = decodeChanges(await readFile(join(directory, MADE.definitions)));
  const told = fromJson(await readFile(join(directory, MADE.followed), 'utf8')) as Followed & {
    readonly nextMessages: Iterable<readonly [number, number]>;
  };
  // A try that ended left half of it.
  await rm(path, { recursive: true, force: true });
  const definitions = Definitions.open(path);
  try {
    definitions.passQueueIds(nextQueueId - 1);
    await definitions.change(changes, { ...told, nextMessages: new Map(told.nextMessages) });
  } finally {
    await definitions.close();
  }
}
