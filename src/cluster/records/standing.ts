/**
 * Whether a stream is still the one that somebody has read: asked before it is read on, and now and then, since a
 * stream that has gone back is silent until it has as many messages again. What must hold: no answer of a server that
 * is late or cut off is taken for a stream that has gone back, so `behind` is asked again before anybody believes it.
 */
import { type ChainPosition, isSameLink } from './link.js';
import { readHead } from './message-head.js';
import { RecordError } from './record-error.js';

/** same: it can be read on. purged: what comes next is gone: a copy is needed. behind: it ends before what was read. */
export type Standing = 'same' | 'purged' | 'behind';

/**
 * `octets`: what stands at `position.counted`; null: nothing is there. Throws a RecordError: another one stands there.
 */
export function standingOf(
  position: ChainPosition,
  stream: { readonly first: number; readonly last: number },
  octets: Uint8Array | null,
): Standing {
  if (stream.last < position.sequence) return 'behind';
  if (stream.first > position.sequence + 1) return 'purged';
  const { counted } = position;
  if (octets === null || counted === 0) return 'same';
  if (isSameLink(readHead(counted, octets).link, position.link)) return 'same';
  throw new RecordError('backward', counted, 'another message stands there than was read: the stream has gone back');
}
