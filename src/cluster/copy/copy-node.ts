/**
 * Makes a node's data directory from another node's, while that one serves: copies it to a staging beside what is there,
 * opens the copy as a node that follows would, and has it take the place of what was there. What must hold: until the
 * copy is whole and has been opened, what was there stays as it is; whoever ends amid it finds one of the two; nobody
 * else has the directory meanwhile.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.js';
import { DataDirectory } from '../../store/data-directory.js';
import type { MemberStatus } from '../protocol/presence.js';
import type { ChainPosition } from '../records/link.js';
import { followInDirectory } from '../replica/standby-directory.js';
import type { Asking } from '../stream/asking.js';
import { CopyError } from './copy-error.js';
import { type CopyOptions, copyFrom } from './copy-from.js';
import { CopyStaging } from './copy-staging.js';
import { restoreDefinitions } from './made-files.js';

export type CopySourceStatus = Pick<MemberStatus, 'name' | 'state' | 'applied'>;

export interface CopyNodeOptions extends Pick<CopyOptions, 'onProgress' | 'signal' | 'limits'> {
  /** The data directory of this node. */
  readonly directory: string;
  /** This node. */
  readonly name: string;
  /** Who belongs to the cluster, as far as this node has heard. */
  readonly members: readonly CopySourceStatus[];
  readonly asking: Asking;
  readonly clock: Clock;
  /** The copy must have all up to here: the stream has what is behind. */
  readonly atLeast: number;
  /** Takes lines for operators. */
  readonly report: (line: string) => void;
}

export interface CopiedNode {
  readonly source: string;
  /** From here on the node follows the stream. */
  readonly position: ChainPosition;
}

/** A node whose store is one of these states has it open, and can show it. */
const SOURCES: ReadonlySet<MemberStatus['state']> = new Set(['leader', 'standby', 'candidate', 'catching-up']);

/** Rejects with a CopyError, a DataDirectoryError, or the signal's reason; another try goes on where this one ended. */
export async function copyNode(options: CopyNodeOptions): Promise<CopiedNode> {
  const data = await DataDirectory.open(options.directory);
  try {
    const copied = await copyFromAny(options, data.stagingPath);
    await check(options, data.stagingPath, copied);
    options.signal?.throwIfAborted();
    await data.replace();
    return copied;
  } finally {
    data.close();
  }
}

/** Those that may be copied, the most advanced first; of those that are equal, who has less to do. */
function sourcesIn({ members, name, atLeast }: CopyNodeOptions): CopySourceStatus[] {
  return members
    .filter((member) => member.name !== name && SOURCES.has(member.state) && member.applied >= atLeast)
    .sort((a, b) => b.applied - a.applied || Number(a.state === 'leader') - Number(b.state === 'leader'));
}

async function copyFromAny(options: CopyNodeOptions, path: string): Promise<CopiedNode> {
  const { name, asking, atLeast, report, onProgress, signal, limits } = options;
  let failure: CopyError | null = null;
  for (const { name: source } of sourcesIn(options)) {
    try {
      const position = await copyFrom({
        asking,
        source,
        copier: name,
        staging: new CopyStaging(path),
        ...(onProgress && { onProgress }),
        ...(signal && { signal }),
        ...(limits && { limits }),
      });
      if (position.sequence >= atLeast) return { source, position };
      throw new CopyError('refused', source, `it is at ${position.sequence}, and the stream begins behind ${atLeast}`);
    } catch (error) {
      if (!(error instanceof CopyError)) throw error;
      report(error.message);
      failure = error;
    }
  }
  throw failure ?? new CopyError('silent', 'the cluster', `no node is heard of that has all up to ${atLeast}`);
}

/** What arrived is a directory that can be followed in: as it was recovered once, it is recovered again. */
async function check({ clock, report }: CopyNodeOptions, path: string, { source, position }: CopiedNode) {
  // From here on it is no copy any more that another try could go on with.
  await new CopyStaging(path).forget();
  try {
    await restoreDefinitions(path, join(path, 'definitions'));
    const replica = await followInDirectory({
      directory: path,
      skipUnreadable: false,
      dropUnknownQueues: false,
      clock,
      report: (line) => report(`the copy of ${source}: ${line}`),
      isTight: () => false,
      observer: { onFailed: () => undefined, onTrouble: () => undefined },
    });
    const { sequence } = replica.position;
    await replica.close();
    if (sequence !== position.sequence) throw new Error(`it says that it is at ${sequence}`);
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw new CopyError('refused', source, `the copy cannot be opened (${(error as Error).message})`);
  }
}
