/**
 * What an operator sees of clients: a row for each connection, channel and consumer. Rows are plain values that go to
 * another thread, and are made when somebody asks: nothing is kept for them. What must hold: the row of a connection
 * comes before those of its channels, and that of a channel before those of its consumers.
 *
 * This folder is how connections are described to those who look at them; whatever has rows to give imports it.
 */
import type { FieldTable } from '../../amqp/table.js';
import type { ConnectionId } from '../../broker/requests/requests.js';
import type { Queue } from '../../engine/references.js';
import type { Endpoint } from '../transport/endpoint.js';
import type { TlsFacts } from '../transport/tls-facts.js';

/** How far down one looks. */
export type Depth = 'connections' | 'channels' | 'consumers';

/** By RabbitMQ's names. `flow`: it is held back for a moment; `blocked`: for want of memory or disk. */
export type ConnectionState =
  | 'starting'
  | 'tuning'
  | 'opening'
  | 'running'
  | 'flow'
  | 'blocking'
  | 'blocked'
  | 'closing';

export interface ConnectionRow {
  readonly kind: 'connection';
  readonly id: ConnectionId;
  /** Unique among those that are open. */
  readonly name: string;
  readonly peer: Endpoint | null;
  readonly local: Endpoint | null;
  readonly isEncrypted: boolean;
  /** Null: there is no TLS, or the broker does not see it. */
  readonly tls: TlsFacts | null;
  readonly state: ConnectionState;
  /** Empty before the login. */
  readonly user: string;
  /** Empty before it is open. */
  readonly vhost: string;
  /** Empty before the client has chosen one. */
  readonly mechanism: string;
  /** What the client says of itself: a field table with its length. */
  readonly clientProperties: Uint8Array;
  /** When it was accepted (ms since the Unix epoch). */
  readonly connectedAt: number;
  /** In seconds; 0: none. */
  readonly heartbeat: number;
  readonly frameMax: number;
  readonly channelMax: number;
  readonly channels: number;
  /** Octets, by the transport's count: with those of heartbeats, without those of TLS. */
  readonly received: number;
  readonly sent: number;
  /** Reads and writes that these came by. */
  readonly reads: number;
  readonly writes: number;
  /** Octets that the client has yet to take. */
  readonly unsent: number;
  /** Of all its channels together, those that have ended, too. */
  readonly counts: ChannelCounts;
}

/** What is counted of a channel, by the numbers of `ChannelCounter`. */
export type ChannelCounts = readonly number[];

export interface ChannelRow {
  readonly kind: 'channel';
  readonly number: number;
  readonly state: 'running' | 'closing';
  /** Of consumers that are yet to come; 0: no limit. */
  readonly prefetch: number;
  /** Of all its consumers together; 0: no limit. */
  readonly globalPrefetch: number;
  readonly unacknowledged: number;
  readonly unconfirmed: number;
  readonly mode: 'plain' | 'confirm' | 'transactional';
  /** Messages and acknowledgements of the transaction that is under way. */
  readonly uncommitted: number;
  readonly acksUncommitted: number;
  readonly consumers: number;
  readonly counts: ChannelCounts;
  /** When something was last published, delivered or settled (ms since the Unix epoch). */
  readonly activeAt: number;
  /** Who holds what of its deliveries; empty unless one looks as far down as consumers. */
  readonly held: readonly HeldRow[];
}

/** Deliveries that are not acknowledged. */
export interface HeldRow {
  /** Of the consumer that took them; null: basic.get, or one that was cancelled. */
  readonly tag: string | null;
  /** The queue that they are of, as the core knows it. */
  readonly queue: Queue;
  readonly count: number;
  /** When the oldest of them was delivered (ms since the Unix epoch). */
  readonly since: number;
}

/**
 * Whether a consumer could take a message, or why not: it has as many unacknowledged ones as it or its channel may have;
 * its client has yet to read what was sent before; it stands by.
 */
export type ConsumerAbility = 'able' | 'without credit' | 'without output' | 'standing by';

export interface ConsumerRow {
  readonly kind: 'consumer';
  readonly tag: string;
  /** In its connection's vhost. */
  readonly queue: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly prefetch: number;
  readonly arguments: FieldTable;
  /** Whether it gets messages: all do, but those that stand by in a queue with a single active one. */
  readonly activity: 'up' | 'single_active' | 'waiting';
  /** How long a delivery may stay unacknowledged (ms); null: for ever. */
  readonly timeout: number | null;
  readonly priority: number;
  readonly ability: ConsumerAbility;
  /** When it began (ms since the Unix epoch), was last given messages, and last acknowledged one; null: never. */
  readonly consumingSince: number;
  readonly lastDelivery: number | null;
  readonly lastAcknowledgement: number | null;
}

export type Row = ConnectionRow | ChannelRow | ConsumerRow;
