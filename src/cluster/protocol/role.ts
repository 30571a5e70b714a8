/**
 * What a node is to its cluster at a moment. What must hold: a node is one of these; `deposed`, `failed` and `stopped`
 * are ends: who has the node makes another one, from what its store has by then.
 *
 *   catching-up ──> standby ──> candidate ──> leader ──> deposed
 *        ^             ^            │
 *        └─ never ─    └────────────┘ another one was first, or there is a leader after all
 */
import type { RecordError } from '../records/record-error.js';
import type { StreamError } from '../stream/stream-error.js';

/**
 * must-copy: what comes next is purged: the store is made anew from another node's. refused: the stream is not the one
 * that was read, or is damaged, or a newer node wrote it: an operator looks. store: the node's own files failed.
 */
export type FailureReason = 'must-copy' | 'refused' | 'store';

export type Role =
  /** Reads what was there when it began. */
  | { readonly kind: 'catching-up' }
  /** Has read everything, and reads on. */
  | { readonly kind: 'standby' }
  /** Has heard no leader for a lease, and tries to lead. */
  | { readonly kind: 'candidate' }
  /** serves: its store has all that was before its fence, nobody else could lead then, and `onLead` was told. */
  | { readonly kind: 'leader'; readonly epoch: number; readonly serves: boolean }
  /** It led this epoch, and does no more; to: it handed over, to this node, or (null) to any. */
  | { readonly kind: 'deposed'; readonly epoch: number; readonly to?: string | null }
  /** It reads and applies nothing any more. */
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly error: RecordError | StreamError | Error }
  | { readonly kind: 'stopped' };

/**
 * Whether a leader may serve clients. serve: yes. pause: it delivers nothing, since another one may lead by now. close:
 * its clients are closed with 320, so that they find another one.
 */
export type Hold = 'serve' | 'pause' | 'close';
