/** All that an explanation goes by: what was seen of a queue, of its clients and of the broker in one moment. */

import type { ConsumerAbility } from '../../../connection/inspection/rows.js';
import type { Front, QueueFeatures } from '../../../engine/engine.js';
import type { PastQueue } from '../../statistics/statistics.js';

/** What has happened to messages of the queue since it was made or the broker started. */
export interface Totals {
  readonly enqueued: number;
  readonly delivered: number;
  readonly acknowledged: number;
  readonly redelivered: number;
}

export interface ConsumerScene {
  readonly tag: string;
  /** Its connection's name, which says where it comes from. */
  readonly connection: string;
  readonly channel: number;
  readonly user: string;
  readonly noAck: boolean;
  /** Its own, that of its channel; 0: no limit. */
  readonly prefetch: number;
  readonly globalPrefetch: number;
  readonly priority: number;
  readonly ability: ConsumerAbility;
  readonly unacknowledged: number;
  /** When the oldest of these was delivered, it began, got messages, acknowledged one (ms since the Unix epoch). */
  readonly oldestDelivery: number | null;
  readonly consumingSince: number;
  readonly lastDelivery: number | null;
  readonly lastAcknowledgement: number | null;
  /** Octets that its client has yet to read. */
  readonly unsent: number;
}

/** Deliveries that nobody consumes any more, or that basic.get has taken, and who has them. */
export interface KeptScene {
  readonly connection: string;
  readonly channel: number;
  readonly count: number;
  readonly since: number;
}

/** Where what dies goes. */
export interface DeadLetterScene {
  readonly exchange: string;
  readonly routingKey: string | null;
  /** Why nothing arrives; null: something does, as far as can be told. */
  readonly fault: 'no exchange' | 'no binding' | 'no queue' | null;
}

export interface Scene {
  /** ms since the Unix epoch. */
  readonly now: number;
  readonly name: string;
  readonly vhost: string;
  readonly isPaused: boolean;
  readonly features: QueueFeatures;
  readonly ready: number;
  readonly unacknowledged: number;
  /** Octets of the ready bodies, and of one on average. */
  readonly readyOctets: number;
  readonly averageOctets: number;
  readonly front: Front | null;
  readonly totals: Totals;
  readonly died: {
    readonly rejected: number;
    readonly expired: number;
    readonly maxlen: number;
    readonly limit: number;
  };
  /** The newest first; empty: nobody has used the queue by the last sample. */
  readonly past: readonly PastQueue[];
  readonly consumers: readonly ConsumerScene[];
  readonly kept: readonly KeptScene[];
  /** Connections to the vhost whose publishers are held. */
  readonly blocked: readonly string[];
  readonly inFlow: readonly string[];
  readonly isLowOnDisk: boolean;
  readonly isShortOfMemory: boolean;
  readonly disk: { readonly free: number; readonly least: number } | null;
  readonly deadLetters: DeadLetterScene | null;
  /** Other queues of the vhost, by what they show. */
  readonly others: {
    readonly paused: readonly string[];
    readonly unconsumed: readonly string[];
    readonly growing: readonly string[];
  };
}

/** How a command names the queue. */
export function argumentsOf({ name, vhost }: Pick<Scene, 'name' | 'vhost'>): string {
  return vhost === '/' ? quoted(name) : `-p ${quoted(vhost)} ${quoted(name)}`;
}

function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
