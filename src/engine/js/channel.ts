/** A channel: what its client is sending, what it has not acknowledged, what is to be confirmed. Private to a worker. */

import { Content } from '../engine.js';
import type { Connection } from './connection.js';
import type { Consumer } from './consumer.js';
import { MessageBuilder } from './messages.js';
import type { Route } from './routes.js';
import { Unacked } from './unacked.js';

export class Channel {
  /** Once closing, all frames but those of closing are swallowed. */
  state: 'open' | 'closing' = 'open';

  content: Content = Content.NONE;
  /** Of the message that is being received: its route, from its basic.publish on. */
  route: Route | null = null;
  routeVersion = 0;
  mandatory = false;
  /** MessageFlag, from its content header on. */
  flags = 0;
  readonly builder = new MessageBuilder();

  /** The host keeps publishes and settlements until it commits. */
  transactional = false;
  confirming = false;
  /** Publishes handled, and those of them that were confirmed to the client. */
  handled = 0;
  confirmed = 0;
  /** Numbers of those that a queue refused, not answered yet. */
  readonly refused: number[] = [];
  /** In its connection's list of channels that owe confirms. */
  owesConfirm = false;

  /** The last delivery tag given out. */
  lastTag = 0;
  readonly unacked = new Unacked();
  readonly consumers = new Set<Consumer>();
  /** Consumers that stand without credit. */
  withoutCredit = 0;
  /** Limit for all consumers together, 0 for none, and how much of it is used. */
  prefetch = 0;
  used = 0;

  constructor(
    readonly handle: number,
    readonly connection: Connection,
    readonly number: number,
  ) {}

  credit(): number {
    return this.prefetch === 0 ? Number.POSITIVE_INFINITY : Math.max(0, this.prefetch - this.used);
  }
}
