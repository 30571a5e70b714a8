/**
 * Opens a data directory: its definitions, and its log, which is recovered. What must hold: nothing is written to the log
 * before recovery is done; ids that the log speaks of are not given out again, whoever forgot them.
 */
import type { Durability, Health } from '../log/commit-log.js';
import { DataDirectory } from './data-directory.js';
import { DataDirectoryError } from './data-directory-error.js';
import { Definitions, type Followed } from './definitions.js';
import { LogManager, type LogManagerOptions } from './log-manager.js';
import { openLogBackend } from './open-log.js';
import { progressTeller } from './progress.js';
import { idOf, logIdOf } from './queue-numbers.js';
import type { Progress } from './recovery/log-reader.js';

export interface OpenDataOptions extends Pick<LogManagerOptions, 'askBarrier' | 'onKnown' | 'follows'> {
  readonly directory: string;
  readonly durability: Durability;
  readonly skipUnreadable: boolean;
  readonly dropUnknownQueues: boolean;
  /** It is opened by a node of a cluster: else a directory that has followed one is refused. */
  readonly isMember: boolean;
  /** Takes lines for operators. */
  readonly report: (line: string) => void;
  readonly isTight: () => boolean;
  readonly onHealth: (health: Health) => void;
}

export interface OpenedData {
  readonly data: DataDirectory;
  readonly definitions: Definitions;
  readonly log: LogManager;
}

/** Throws a DataDirectoryError where the directory cannot be used. */
export async function openData(options: OpenDataOptions): Promise<OpenedData> {
  const { report, durability, isTight, onHealth, askBarrier, onKnown, follows } = options;
  const data = await DataDirectory.open(options.directory);
  let definitions: Definitions | null = null;
  try {
    definitions = Definitions.open(data.definitionsPath);
    await data.syncEntries();
    const { followed } = definitions;
    if (followed !== null && !options.isMember) throw new DataDirectoryError(ofCluster(data.path, followed));
    const firstFree = definitions.nextQueueId;
    const ids = definitions.list('queue').map(({ id }) => id);
    const waiting = definitions.list('exchange').map(({ waitingId = 0 }) => waitingId);
    const known = new Set([...ids, ...waiting].map(logIdOf));
    const log = await LogManager.open({
      backend: await openLogBackend(data, { durability, isTight, onStuck: report }),
      exists: (queue) => known.has(queue),
      isUnknown: (queue) => idOf(queue) >= firstFree,
      dropUnknown: options.dropUnknownQueues,
      skipUnreadable: options.skipUnreadable,
      ...(followed && { nextMessages: followed.nextMessages }),
      onProgress: progressReporter(report),
      onHealth,
      ...(askBarrier && { askBarrier }),
      ...(onKnown && { onKnown }),
      ...(follows && { follows }),
      onClearing: (error) => report(clearingLine(error)),
    });
    for (const line of log.report.notices) report(line);
    definitions.passQueueIds(Math.floor(idOf(log.highestQueue)));
    // Nor are the queues unknown any more whose messages were let go: they count as deleted.
    if (log.report.unknown.messages > 0) await definitions.change([]);
    return { data, definitions, log };
  } catch (error) {
    await definitions?.close();
    data.close();
    throw error;
  }
}

/** A broker of its own would serve what its cluster serves, too, and what it is told nobody else would know. */
function ofCluster(path: string, { position }: Followed): string {
  return (
    `data directory ${path} is that of a node of a cluster, with all up to message ${position.sequence} of its stream: ` +
    'start it with its cluster; a broker alone has it when it was taken out of the cluster for good'
  );
}

function progressReporter(report: (line: string) => void): (progress: Progress) => void {
  const tell = progressTeller(report);
  return ({ octets, octetsTotal, messages, rate, secondsLeft }) =>
    tell(() => {
      const percent = Math.floor((100 * octets) / Math.max(1, octetsTotal));
      const speed = `${Math.round(rate)} MB/s, about ${Math.ceil(secondsLeft)} s left`;
      return `reading the log: ${percent}%, ${messages} messages, ${speed}`;
    });
}

function clearingLine(error: Error | null): string {
  if (error === null) return 'dead log files are cleared away again';
  return `dead log files cannot be cleared away, it is tried again (${error.message})`;
}
