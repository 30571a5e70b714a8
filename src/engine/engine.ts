/**
 * This folder is for the interface to a core, by roles, and its two implementations; all that stands above it may
 * import it, but for the store.
 *
 * The one interface to a core. Two implementations stand behind it: `wasm/` (the WebAssembly core) and `js/` (its
 * plain-JavaScript twin). Everything above this folder drives the message path through these calls and nothing else.
 *
 * One `Engine` is one participant: a worker thread, or the coordinator (the last participant). All participants
 * share one memory; a participant's connections, channels and consumers are its own, queues and messages are shared.
 * What must hold: no call throws for anything that came from a socket; a call that finds no memory says so by its
 * result; an error thrown here is a defect of the core and ends the process.
 */

import type { BrowseCalls } from './browsing.js';
import type { ConnectionCalls } from './connections.js';
import type { ConsumerCalls } from './consuming.js';
import type { DeadLetterCalls } from './dead-letters.js';
import type { LatencyCalls } from './latency.js';
import type { LogCalls } from './log.js';
import type { LookingCalls } from './looking.js';
import type { MessageCalls } from './messages.js';
import type { OutputCalls } from './output.js';
import type { Participant } from './participant.js';
import type { PublishCalls } from './publishing.js';
import type { QueueCalls } from './queues.js';
import type { SpillCalls } from './spill.js';
import type { StatisticsCalls } from './statistics.js';

export { Content, Limit, Stop } from './connections.js';
export type { Extent } from './consuming.js';
export { DeadLetterReason } from './dead-letters.js';
export type { HeldBack, LogBatch } from './log.js';
export { ConsumerState, type Front, type Held } from './looking.js';
export type { EngineKind, SharedCore } from './participant.js';
export { RouteFlag } from './publishing.js';
export { AWAITED, NO_FEATURES, Overflow, type QueueFeatures } from './queue-features.js';
export type { Channel, Connection, Consumer, CounterList, Message, Queue } from './references.js';
export {
  CHANNEL_COUNTERS,
  ChannelCounter,
  Counter,
  deathCounter,
  ExchangeCounter,
  Fate,
  inVhost,
  type ListCounter,
  QueueCounter,
  unacked,
  VhostCounter,
} from './statistics.js';

/** What the small core does: no log, no messages that are elsewhere, no browsing, no statistics. */
export interface SmallEngine
  extends Participant,
    QueueCalls,
    DeadLetterCalls,
    ConnectionCalls,
    PublishCalls,
    MessageCalls,
    ConsumerCalls,
    LookingCalls,
    OutputCalls {}

export interface Engine extends SmallEngine, LatencyCalls, LogCalls, SpillCalls, BrowseCalls, StatisticsCalls {}
