/**
 * What a directory of log files holds, file by file, with every checksum verified. Nothing is changed, so it can be
 * asked of any directory.
 */

import { RecordType } from '../../log/record-format.js';
import type { LogDirectory } from '../log/log-directory.js';
import { LogFiles } from '../log/log-files.js';
import { findFiles } from '../log/log-set.js';
import type { Scanner } from '../log/scan.js';
import { CLEAN_SHUTDOWN_MARKER, readCleanShutdownMarker } from './clean-shutdown.js';
import { heldMessages, type Read, readAll } from './log-reader.js';
import { ReplayIndex } from './replay-index.js';

export interface InspectedFile {
  readonly name: string;
  readonly octets: number;
  readonly batches: number;
  readonly records: ReadonlyMap<RecordType, number>;
  readonly liveMessages: number;
  readonly liveOctets: number;
  readonly sealed: boolean;
  readonly damages: readonly string[];
  /** mended: the next start puts it in order, and nothing that was promised is missing; lost: something may be. */
  readonly harm: 'none' | 'mended' | 'lost';
}

export interface Inspection {
  readonly files: readonly InspectedFile[];
  /** Files that are not there, and have to be. */
  readonly gone: readonly string[];
  /** Files that are not read when a broker starts. */
  readonly others: readonly string[];
  readonly queues: readonly { readonly id: number; readonly messages: number; readonly next: number }[];
  readonly lost: number;
}

/** `exists`: whether a queue is still defined. */
export async function inspectLogs(
  directory: LogDirectory,
  exists: (queue: number) => boolean = () => true,
  scanner?: Scanner,
): Promise<Inspection> {
  const found = await findFiles(directory, (await readCleanShutdownMarker(directory)) ?? undefined, true);
  const replayIndex = new ReplayIndex();
  const records = new Map<string, Map<RecordType, number>>();
  const reads = await readAll(directory, found.logs, new LogFiles(), replayIndex, {
    ...(scanner && { scanner }),
    skipUnreadable: true,
    onRecord: ({ name }, { type }) => {
      const counts = records.get(name) ?? new Map<RecordType, number>();
      records.set(name, counts.set(type, (counts.get(type) ?? 0) + 1));
    },
  });
  const { queues, lost } = replayIndex.queues(exists);
  const live = reads.map(() => ({ messages: 0, octets: 0 }));
  heldMessages(queues, replayIndex).forEach((held, index) => {
    const file = live[replayIndex.messages.files.at(index)];
    if (held === 0 || file === undefined) return;
    file.messages += 1;
    file.octets += replayIndex.messages.spans.at(index);
  });
  const logs = new Set([...found.logs.map(({ name }) => name), CLEAN_SHUTDOWN_MARKER]);
  return {
    files: reads.map((read, index) => {
      const {
        found: { name, head, headDamaged },
        scanned,
      } = read;
      return {
        name,
        octets: scanned.end,
        batches: scanned.batches,
        records: records.get(name) ?? new Map(),
        liveMessages: live[index]?.messages ?? 0,
        liveOctets: live[index]?.octets ?? 0,
        sealed: scanned.sealed,
        harm: harmOf(read),
        damages: [
          ...(head === null ? ['its head cannot be read'] : headDamaged ? ['one copy of its head is damaged'] : []),
          ...read.damages.map(
            ({ kind, octets, offset }) =>
              `${kind === 'torn' ? 'unfinished' : 'damaged'}: ${octets} octets at ${offset}`,
          ),
        ],
      };
    }),
    gone: found.gone.map(({ name }) => name),
    others: (await directory.list()).map(({ name }) => name).filter((name) => !logs.has(name)),
    queues: queues.map(({ id, positions, next }) => ({ id, messages: positions.length, next })),
    lost: lost.length,
  };
}

function harmOf({ found: { head, headDamaged }, damages }: Read): InspectedFile['harm'] {
  if (head === null || damages.some(({ kind }) => kind === 'corrupt')) return 'lost';
  return headDamaged || damages.length > 0 ? 'mended' : 'none';
}

const COLUMNS: readonly [title: string, value: (file: InspectedFile) => string][] = [
  ['file', ({ name }) => name],
  ['octets', ({ octets }) => String(octets)],
  ['batches', ({ batches }) => String(batches)],
  ['messages', ({ records }) => String(records.get(RecordType.MESSAGE) ?? 0)],
  ['enqueue', ({ records }) => String(records.get(RecordType.ENQUEUE) ?? 0)],
  ['ack', ({ records }) => String(records.get(RecordType.ACK) ?? 0)],
  ['requeues', ({ records }) => String(records.get(RecordType.REQUEUES) ?? 0)],
  ['other', (file) => String(otherRecords(file))],
  ['live', ({ liveMessages }) => String(liveMessages)],
  ['live octets', ({ liveOctets }) => String(liveOctets)],
  ['ended', ({ sealed }) => (sealed ? 'yes' : 'no')],
  ['checksums', ({ damages }) => (damages.length === 0 ? 'good' : `${damages.length} bad`)],
];

function otherRecords({ records }: InspectedFile): number {
  const { MESSAGE, ENQUEUE, ACK, REQUEUES, BATCH } = RecordType;
  const counted: readonly RecordType[] = [MESSAGE, ENQUEUE, ACK, REQUEUES, BATCH];
  return [...records].reduce((sum, [type, count]) => sum + (counted.includes(type) ? 0 : count), 0);
}

/** The inspection as text, one line a file. */
export function inspectionText({ files, gone, others, queues, lost }: Inspection): string {
  const rows = [COLUMNS.map(([title]) => title), ...files.map((file) => COLUMNS.map(([, value]) => value(file)))];
  const widths = COLUMNS.map((_, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] as string).length), 0),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
  const live = files.reduce((sum, { liveMessages }) => sum + liveMessages, 0);
  const waiting = queues.reduce((sum, { messages }) => sum + messages, 0);
  lines.push('', `${live} messages live, ${waiting} places in ${queues.length} queues`);
  if (lost > 0) lines.push(`${lost} places whose message cannot be found`);
  for (const { name, damages } of files) for (const damage of damages) lines.push(`${name}: ${damage}`);
  for (const name of gone) lines.push(`${name}: it is gone`);
  if (others.length > 0) lines.push(`not read: ${others.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
