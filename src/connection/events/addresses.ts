/** Ends of connections as Erlang writes addresses. */
import type { FieldValue } from '../../amqp/table.js';
import { text, whole } from '../../broker/events/event-values.js';
import { term } from '../../broker/requests/erlang-terms.js';
import { type Endpoint, hostText } from '../transport/endpoint.js';

const UNKNOWN = 'unknown';
/** Words of an address of version 6. */
const WORDS = 8;

/** `{127,0,0,1}`, `{0,0,0,0,0,0,0,1}` */
export function addressTerm(endpoint: Endpoint | null): string {
  if (endpoint === null || endpoint.kind === 'program') return UNKNOWN;
  if (endpoint.kind === 'unix') return `{local,${term(endpoint.path)}}`;
  const host = hostText(endpoint);
  if (!host.includes(':')) return /^[\d.]+$/.test(host) ? `{${host.replaceAll('.', ',')}}` : UNKNOWN;
  const [before = '', after] = host.replace(/%.*$/, '').split('::');
  const head = wordsOf(before);
  const tail = wordsOf(after ?? '');
  const gap = after === undefined ? [] : new Array<number>(Math.max(0, WORDS - head.length - tail.length)).fill(0);
  return `{${[...head, ...gap, ...tail].join()}}`;
}

export function portOf(endpoint: Endpoint | null): FieldValue {
  return endpoint?.kind === 'tcp' ? whole(endpoint.port) : text(UNKNOWN);
}

function wordsOf(part: string): number[] {
  return part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
}
