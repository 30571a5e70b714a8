/** Parts of answers: what is counted, at which rate. */
import { INTEGER, listOf, NUMBER, type Schema, thing } from './schema.js';

const DETAILS: Schema = {
  ...thing({
    rate: NUMBER,
    samples: listOf(thing({ sample: INTEGER, timestamp: INTEGER })),
    avg: NUMBER,
    avg_rate: NUMBER,
  }),
  title: 'Rate',
};

/** Numbers, with `NAME_details` beside each. */
export function counted(...names: readonly string[]): Readonly<Record<string, Schema>> {
  return Object.fromEntries(
    names.flatMap((name): (readonly [string, Schema])[] => [
      [name, INTEGER],
      [`${name}_details`, DETAILS],
    ]),
  );
}

/** Whatever is counted has its rate beside it. */
export const MESSAGE_STATS: Schema = {
  type: 'object',
  title: 'MessageStats',
  properties: counted('publish', 'deliver', 'deliver_get', 'get', 'ack', 'redeliver', 'confirm', 'return_unroutable'),
  additionalProperties: { type: ['number', 'object', 'array'] },
};

export const LENGTHS = counted('messages', 'messages_ready', 'messages_unacknowledged');
