/**
 * `message_stats` of channels, and of connections, whose channels it adds up: as RabbitMQ's, what is published stands
 * there when something was, and what is taken when something was; without either there is none.
 */
import { ChannelCounter } from '../../engine/engine.js';
import type { JsonObject } from '../http/listings.js';

/** A counter, less others. */
interface Difference {
  readonly plus: ChannelCounter;
  readonly less?: readonly ChannelCounter[];
}

type Stats = { readonly [name: string]: Difference };

const PUBLISHED: Stats = {
  publish: { plus: ChannelCounter.PUBLISHED },
  confirm: { plus: ChannelCounter.CONFIRMED },
  return_unroutable: { plus: ChannelCounter.RETURNED },
  drop_unroutable: { plus: ChannelCounter.DROPPED },
};

const TAKEN: Stats = {
  ack: { plus: ChannelCounter.ACKNOWLEDGED },
  deliver: {
    plus: ChannelCounter.DELIVERED,
    less: [ChannelCounter.DELIVERED_NO_ACK, ChannelCounter.GOT, ChannelCounter.GOT_NO_ACK],
  },
  deliver_get: { plus: ChannelCounter.DELIVERED },
  deliver_no_ack: { plus: ChannelCounter.DELIVERED_NO_ACK },
  get: { plus: ChannelCounter.GOT },
  get_empty: { plus: ChannelCounter.GOT_EMPTY },
  get_no_ack: { plus: ChannelCounter.GOT_NO_ACK },
  redeliver: { plus: ChannelCounter.REDELIVERED },
};

/** `counts` and `rates` by the numbers of `ChannelCounter`. */
export function channelStats(counts: readonly number[], rates: readonly number[]): { message_stats?: JsonObject } {
  const of = (values: readonly number[], counter: ChannelCounter): number => values[counter] ?? 0;
  const hasPublished = of(counts, ChannelCounter.PUBLISHED) > 0;
  const hasTaken = of(counts, ChannelCounter.DELIVERED) + of(counts, ChannelCounter.GOT_EMPTY) > 0;
  if (!hasPublished && !hasTaken) return {};
  const stats: Record<string, number | JsonObject> = {};
  for (const [name, { plus, less = [] }] of Object.entries({
    ...(hasPublished ? PUBLISHED : {}),
    ...(hasTaken ? TAKEN : {}),
  })) {
    const difference = (values: readonly number[]): number =>
      less.reduce((rest, counter) => rest - of(values, counter), of(values, plus));
    stats[name] = difference(counts);
    stats[`${name}_details`] = { rate: Math.max(0, Math.round(difference(rates) * 10) / 10) };
  }
  return { message_stats: stats };
}

/** How long nothing must have happened, for it to count as idle (ms): RabbitMQ's channels go to sleep then. */
const IDLE_MS = 1000;

/** `idle_since`, where something rests. */
export function idleSince(activeAt: number, now = Date.now()): { idle_since?: string } {
  return now - activeAt < IDLE_MS ? {} : { idle_since: isoTime(activeAt) };
}

/** As RabbitMQ writes it. */
export function isoTime(time: number): string {
  return new Date(time).toISOString().replace('Z', '+00:00');
}
