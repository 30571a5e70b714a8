/**
 * Reading stored messages out of log files, those that are wanted and nothing else: neighbours by one read, the next
 * read under way while the last one is used. Their checksums were verified when the log was scanned.
 */

import type { LogDirectory, LogFile } from '../log/log-directory.js';
import type { MessageTable } from './replay-index.js';

/** Octets that one read brings, unless one message has more. */
const READ_OCTETS = 2 << 20;
/** Dead octets between two messages that are read along. */
const HOLE_OCTETS = 64 << 10;

/** One is filled while the other is used. */
type Buffers = [Uint8Array, Uint8Array];

/** Messages of a file that are read at once. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly indices: readonly number[];
}

/** A message as it stands in its records. */
export interface RawMessage {
  /** Where it is in the table. */
  readonly index: number;
  readonly id: number;
  readonly records: Uint8Array;
}

/** Some messages of one file, in the order in which they lie there. The octets are good until the next step. */
export async function* readMessages(
  directory: LogDirectory,
  name: string,
  table: MessageTable,
  indices: number[],
): AsyncGenerator<readonly RawMessage[]> {
  const buffers: Buffers = [new Uint8Array(0), new Uint8Array(0)];
  const file = await directory.open(name);
  try {
    let reading: Promise<readonly RawMessage[]> | null = null;
    for (const [index, stretch] of stretches(table, indices).entries()) {
      const next = readStretch(file, table, stretch, buffers, index % 2 ? 1 : 0);
      // It is awaited in the next round; a failure before that must not end the process.
      next.catch(() => undefined);
      if (reading !== null) yield await reading;
      reading = next;
    }
    if (reading !== null) yield await reading;
  } finally {
    await file.close();
  }
}

function stretches(table: MessageTable, indices: number[]): Stretch[] {
  indices.sort((a, b) => table.offsets.at(a) - table.offsets.at(b));
  const out: { from: number; to: number; indices: number[] }[] = [];
  for (const index of indices) {
    const from = table.offsets.at(index);
    const to = from + table.spans.at(index);
    const last = out.at(-1);
    if (last !== undefined && from - last.to <= HOLE_OCTETS && to - last.from <= READ_OCTETS) {
      last.to = to;
      last.indices.push(index);
    } else {
      out.push({ from, to, indices: [index] });
    }
  }
  return out;
}

async function readStretch(
  file: LogFile,
  table: MessageTable,
  { from, to, indices }: Stretch,
  buffers: Buffers,
  half: 0 | 1,
): Promise<readonly RawMessage[]> {
  const octets = to - from;
  if (buffers[half].length < octets) buffers[half] = new Uint8Array(octets);
  const bytes = buffers[half].subarray(0, octets);
  if ((await file.read(bytes, from)) < octets) throw new Error('a log file became shorter while it was read');
  return indices.map((index) => {
    const at = table.offsets.at(index) - from;
    return { index, id: table.ids.at(index), records: bytes.subarray(at, at + table.spans.at(index)) };
  });
}
