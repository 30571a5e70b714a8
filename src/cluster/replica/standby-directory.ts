/**
 * A data directory that follows: opened and recovered as a broker does it, written by the replica, cleared as ordinary.
 * What must hold: nobody else has it meanwhile (its lock is held until the replica has ended); when that has ended, a
 * broker can open it.
 */
import type { Clock } from '../../platform/clock.js';
import { type OpenDataOptions, openData } from '../../store/open-data.js';
import { openCommitLog } from '../../store/open-log.js';
import { openDataView } from '../copy/data-view.js';
import { Replica, type ReplicaObserver } from './replica.js';
import { FollowedFiles } from './replica-files.js';

export interface StandbyOptions extends Pick<OpenDataOptions, 'directory' | 'skipUnreadable' | 'dropUnknownQueues'> {
  readonly clock: Clock;
  readonly observer: ReplicaObserver;
  readonly report: (line: string) => void;
  readonly isTight: () => boolean;
}

/** Throws a DataDirectoryError where the directory cannot be used. `Replica.close` gives it up. */
export async function followInDirectory(options: StandbyOptions): Promise<Replica> {
  const { clock, observer } = options;
  let files: FollowedFiles | null = null;
  const { data, definitions, log } = await openData({
    ...options,
    // Whatever a confirm means: the position that is saved must be true.
    durability: 'fsync',
    isMember: true,
    // Lanes are written side by side: one may lack what is told again, behind what another one has.
    follows: true,
    onHealth: (health) => files?.healthOf(0, health),
  });
  try {
    await log.begin();
  } catch (error) {
    await log.abandon(false);
    await definitions.close();
    data.close();
    throw error;
  }
  log.startClearing();
  files = new FollowedFiles(log, definitions, openCommitLog, {
    onTrouble: observer.onTrouble,
    openView: () => openDataView({ path: data.path, definitions, log }),
    closed: async () => {
      await definitions.close();
      data.close();
    },
  });
  return new Replica({ files, clock, observer });
}
