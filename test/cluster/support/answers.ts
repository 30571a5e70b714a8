/** Questions to a stream as promises, for tests that tell a story. */
import type {
  AppendAnswer,
  DoneAnswer,
  InfoAnswer,
  LogStream,
  RangeAnswer,
  ReadAnswer,
  StreamInfo,
} from '../../../src/cluster/stream/log-stream.js';

export const append = (stream: LogStream, text: string, expected: number): Promise<AppendAnswer> =>
  new Promise((answer) => stream.append(Buffer.from(text), expected, answer));

export const read = (stream: LogStream, sequence: number): Promise<ReadAnswer> =>
  new Promise((answer) => stream.read(sequence, answer));

export const readRange = (stream: LogStream, from: number, to: number, octetsMax: number): Promise<RangeAnswer> =>
  new Promise((answer) => stream.readRange(from, to, octetsMax, answer));

export const purge = (stream: LogStream, upTo: number): Promise<DoneAnswer> =>
  new Promise((answer) => stream.purge(upTo, answer));

export const moveLeader = (stream: LogStream, to: string | null): Promise<DoneAnswer> =>
  new Promise((answer) => stream.moveLeader(to, answer));

const info = (stream: LogStream): Promise<InfoAnswer> => new Promise((answer) => stream.info(answer));

/** Asks until there is an answer. */
export async function knownInfo(stream: LogStream): Promise<StreamInfo> {
  for (;;) {
    const answer = await info(stream);
    if (answer.kind === 'info') return answer.info;
  }
}

/** Appends one message after the other, each when the one before is in, from an empty stream on. */
export async function fill(stream: LogStream, texts: readonly string[]): Promise<void> {
  for (const [index, text] of texts.entries()) {
    const answer = await append(stream, text, index);
    if (answer.kind !== 'accepted') throw new Error(`message ${index + 1}: ${JSON.stringify(answer)}`);
  }
}

export function text(octets: Uint8Array): string {
  return Buffer.from(octets).toString();
}
