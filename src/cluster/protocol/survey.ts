/**
 * Asks the stream's leader whether the stream is the one that was read, and whether all of it was read. What must hold:
 * `same` was answered by a leader for what was read when it was asked: who has not read on since has read everything,
 * as far as that leader knew.
 */
import type { ChainPosition } from '../records/link.js';
import { RecordError } from '../records/record-error.js';
import { standingOf } from '../records/standing.js';
import type { LogStream, StreamInfo } from '../stream/log-stream.js';
import type { StreamError } from '../stream/stream-error.js';

/**
 * more: there is something behind what was read. same: there is not. behind: the stream ends before. purged: what comes
 * next is gone. refused: another message stands where one was read.
 */
export type Survey =
  | { readonly kind: 'same' | 'more' | 'behind' | 'purged'; readonly info: StreamInfo }
  | { readonly kind: 'refused'; readonly error: RecordError }
  | { readonly kind: 'unknown'; readonly error: StreamError };

export function survey(stream: LogStream, end: ChainPosition, answer: (survey: Survey) => void): void {
  stream.info((given) => {
    if (given.kind === 'unknown') return answer(given);
    const { info } = given;
    const { counted } = end;
    if (counted === 0 || counted < info.first || counted > info.last) return answer(judge(end, info, null));
    stream.read(counted, (found) => {
      if (found.kind === 'unknown') answer(found);
      else answer(judge(end, info, found.kind === 'found' ? found.octets : null));
    });
  });
}

function judge(end: ChainPosition, info: StreamInfo, octets: Uint8Array | null): Survey {
  try {
    const standing = standingOf(end, info, octets);
    if (standing !== 'same') return { kind: standing, info };
    return { kind: info.last > end.sequence ? 'more' : 'same', info };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { kind: 'refused', error };
  }
}
