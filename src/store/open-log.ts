/**
 * The one place that chooses where the log goes: which implementation a data directory gets, and which one a thread
 * opens when it is told to.
 */
import type { CommitLog, CommitLogObserver } from '../log/commit-log.js';
import type { DataDirectory } from './data-directory.js';
import { FileBackend, type FileBackendOptions } from './log/file-backend.js';
import { LocalDirectory } from './log/local-directory.js';
import { LogWriter } from './log/log-writer.js';
import type { LogBackend } from './log-backend.js';
import type { LogSetup } from './log-setup.js';
import { ReplicatedLog } from './replicated/replicated-log.js';

/** The log of a data directory. */
export async function openLogBackend(
  data: DataDirectory,
  options: Omit<FileBackendOptions, 'directory' | 'path'>,
): Promise<LogBackend> {
  const directory = await LocalDirectory.at(data.logPath);
  return new FileBackend({ ...options, directory, path: directory.path });
}

export type OpenCommitLog = (setup: LogSetup, observer: CommitLogObserver) => CommitLog;

/** The log of a participant, in the thread that it runs in. */
export const openCommitLog: OpenCommitLog = (setup, observer) => {
  const { kind } = setup;
  switch (kind) {
    case 'files':
      return new LogWriter({ ...observer, ...setup, directory: LocalDirectory.existing(setup.directory) });
    case 'replicated': {
      const { durability, files, port } = setup;
      // Whatever a confirm means: this node says how far it has synced what the stream has.
      const local = (told: CommitLogObserver): CommitLog => openCommitLog({ ...files, durability: 'fsync' }, told);
      return new ReplicatedLog({ ...observer, durability, port, local });
    }
    default:
      return kind satisfies never;
  }
};
