/** Where messages go: routes that the core remembers, and messages that the host publishes itself. */
import { ROUTE_ASK_HOST } from '../numbers/core.js';
import type { Channel, Connection, CounterList, Message, Queue } from './references.js';

/** How a route treats the messages that take it. */
export const RouteFlag = {
  /** Nothing depends on the message: the core enqueues without asking. */
  STATIC: 0,
  /** Every message stops with `Stop.MESSAGE` once it is complete. */
  ASK_HOST: ROUTE_ASK_HOST,
} as const;

export interface PublishCalls {
  /**
   * Answers `Stop.ROUTE`: where messages with the key at `frameOffset` go until the topology changes. A mandatory
   * message on a route without queues asks the host in any case. `counters`: of the exchange. What the core enqueues or
   * drops by itself it counts there; the rest the host counts.
   */
  installRoute(connection: Connection, queues: readonly Queue[], flags: number, counters: CounterList): void;
  /**
   * Answers `Stop.MESSAGE`: enqueues the message to the queues (none: drops it) and counts it as handled for the
   * confirm. With `header`, queues get a copy whose content header frame has that payload, and, with `key`, that key
   * (two short strings). Where a queue refused it, the confirm is a basic.nack, and the result is false. Null: no
   * memory, nothing was done, the message is still the host's.
   */
  publish(
    channel: Channel,
    message: Message,
    queues: readonly Queue[],
    header?: Uint8Array | null,
    key?: Uint8Array | null,
  ): boolean | null;
  /**
   * Enqueues a copy of a message, the body as it is, under another key (two short strings) and another payload of the
   * content header frame, to queues. Returns those that refused it; null: no memory, nothing was done. The message
   * stays its owner's.
   */
  republish(message: Message, key: Uint8Array, header: Uint8Array, queues: readonly Queue[]): readonly Queue[] | null;
  /**
   * Enqueues a message that is made of octets from elsewhere: key (two short strings), payload of the content header
   * frame, and body; `persistent` is what that header says. Returns the queues that refused it; null: no memory,
   * nothing was done.
   */
  compose(
    key: Uint8Array,
    header: Uint8Array,
    body: Uint8Array,
    persistent: boolean,
    queues: readonly Queue[],
  ): readonly Queue[] | null;
  /**
   * Writes basic.return + content to the channel's connection; the message stays the caller's until `publish`. Needs
   * `outputIdle`.
   */
  returnMessage(channel: Channel, message: Message, code: number, text: Uint8Array): void;
}
