/**
 * Where a message stands in a trace, as its headers say: W3C's `traceparent`, by W3C's rules. What must hold: what is
 * not valid is as if it were not there; a version that is yet to come is read as far as it is known.
 */
import type { FieldTable } from '../amqp/table.js';

/** The span that a message comes from. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The span's, 16 hexadecimal digits. */
  readonly parentId: string;
  /** What the makers of spans say to each other; '': nothing. */
  readonly state: string;
}

/** Version, trace, span, flags; what follows is for later versions. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_VERSION = 'ff';
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const SAMPLED = 1;
/** A longer state may be left away (characters). */
const STATE_MAX = 512;

/** Null: whoever sent the message wants no spans of it, or has said nothing that counts. */
export function sampledContext(headers: FieldTable | undefined): TraceContext | null {
  const parsed = TRACEPARENT.exec(textOf(headers, 'traceparent'));
  if (parsed === null) return null;
  const [, version, traceId = NO_TRACE, parentId = NO_SPAN, flags = '', more] = parsed;
  if (version === NO_VERSION || (version === '00' && more !== undefined)) return null;
  if (traceId === NO_TRACE || parentId === NO_SPAN) return null;
  if ((Number.parseInt(flags, 16) & SAMPLED) === 0) return null;
  const state = textOf(headers, 'tracestate');
  return { traceId, parentId, state: state.length > STATE_MAX ? '' : state };
}

function textOf(headers: FieldTable | undefined, name: string): string {
  const field = headers?.get(name);
  return field?.type === 'S' ? field.value : '';
}
