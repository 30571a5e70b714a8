/**
 * What the broker thread and the workers say to each other, apart from topology changes, which have a port of their
 * own: a worker drains that one in the midst of a read, and must find nothing else there.
 */
import type { MessagePort } from 'node:worker_threads';
import type { BrokerEvent } from '../broker/events/event.js';
import type { NodeLimits } from '../broker/requests/node-limits.js';
import type { Answer, ConnectionId, Granted, Notice, Request } from '../broker/requests/requests.js';
import type { PublishedMessage } from '../connection/faults/faults.js';
import type { Announced } from '../connection/handshake/identity.js';
import type { OauthSetup } from '../connection/tokens/oauth-setup.js';
import type { AcceptedSocket } from '../connection/transport/accepted-socket.js';
import type { TlsSetup } from '../connection/transport/opening/tls-setup.js';
import type { ProgramClient } from '../connection/transport/ring-transport.js';
import type { SharedCore } from '../engine/engine.js';
import type { Health, LogEvent } from '../log/commit-log.js';
import type { LogEntry } from '../logging/logger.js';
import type { Outcome } from '../platform/affinity.js';
import type { ErrorInWords } from '../platform/fatal.js';
import type { SpanSetup } from '../spans/span-sender.js';
import type { LogSetup } from '../store/log-setup.js';
import type { TestQuestion } from './test-hooks.js';

/** What a worker goes by and can be told anew while it runs: it holds for what comes from then on. */
export interface WorkerSettings {
  /** The user as whom clients come in that do not say who they are; null: they do not. */
  readonly anonymous: string | null;
  /** How much there may be of what. */
  readonly limits: NodeLimits;
}

/** What a worker thread starts with. */
export interface WorkerSetup {
  readonly shared: SharedCore;
  /** The worker's number, and that of its participant in the core. */
  readonly index: number;
  /** The CPUs to run on; null: any. */
  readonly cpus: readonly number[] | null;
  /** The time that a test moves (src/platform/manual-clock.ts); null: the machine's counts. */
  readonly clock: SharedArrayBuffer | null;
  /** What clients are told of the broker. */
  readonly announced: Announced;
  readonly settings: WorkerSettings;
  /** How clients come in by tokens; null: they do not. */
  readonly oauth: OauthSetup | null;
  /** Null: nobody listens by TLS. */
  readonly tls: TlsSetup | null;
  /** Why publishers are blocked (src/node/alarms.ts). */
  readonly alarms: SharedArrayBuffer;
  /** Where logins come from (src/connection/handshake/login-sources.ts). */
  readonly loginSources: SharedArrayBuffer;
  /** What the operator's log tells of (src/logging/levels.ts). */
  readonly logLevels: SharedArrayBuffer;
  /** How long the node may serve (src/cluster/replicator/shared-hold.ts); null: it is in no cluster. */
  readonly hold: SharedArrayBuffer | null;
  /** What workers are doing (src/event-loop/progress.ts). */
  readonly progress: SharedArrayBuffer;
  /** Where spans of messages go; null: nowhere. */
  readonly spans: SpanSetup | null;
  /** Arrays of `Change`, in the order in which they were made. */
  readonly topology: MessagePort;
  /** Where the management asks for what operators see of clients (inspection.ts); null: nobody does. */
  readonly inspection: MessagePort | null;
}

/** The log that a worker is to open. */
export interface LogToOpen {
  readonly setup: LogSetup;
  /** One for all workers (busy-poll.ts); null: no worker stays awake. */
  readonly busyPoll: SharedArrayBuffer | null;
}

export type ToWorker =
  /** Before the first socket: what is persistent is recorded from now on. */
  | { kind: 'log'; log: LogToOpen }
  /** Tell when all that is recorded by now has been told. */
  | { kind: 'barrier'; barrier: number }
  /** A client has come, who has this number from now on. */
  | { kind: 'socket'; connection: ConnectionId; socket: AcceptedSocket<{ readonly fd: number }> }
  /** The program itself comes in, and has this number from now on. */
  | { kind: 'program'; connection: ConnectionId; client: ProgramClient }
  | { kind: 'answer'; connection: ConnectionId; answer: Answer }
  /** What the connection has asked ahead is granted; the answer is still to come. */
  | { kind: 'granted'; connection: ConnectionId; answer: Granted }
  | { kind: 'notice'; notice: Notice }
  /** Of the operator's log, to be published. */
  | { kind: 'entries'; entries: readonly LogEntry[] }
  /** Something has happened, of which an event is to be published. */
  | { kind: 'event'; event: BrokerEvent }
  /** The broker was reconfigured. */
  | { kind: 'settings'; settings: WorkerSettings }
  /** Certificates were read again. */
  | { kind: 'tls'; setup: TlsSetup }
  /** Whether a client behind a proxy may come in. */
  | { kind: 'admitted'; connection: ConnectionId; isAdmitted: boolean }
  /** A test asks something, which is answered by `tested`. */
  | { kind: 'test'; round: number; question: TestQuestion }
  /** Give a sign of life: that this was read is one. */
  | { kind: 'ask' }
  /** Say `paused`: what this worker does from then on goes by the hold as it is now. */
  | { kind: 'pause' }
  /** Close all clients with 320, then say `stopped`. */
  | { kind: 'shutdown' }
  /** A defect was found somewhere: tell all clients by 541 and do nothing else, then say `stopped`. */
  | { kind: 'fail' };

/**
 * Numbers of connections that no listener has accepted: the worker that serves such a client gives them itself. Those
 * of accepted ones are smaller; the core takes them for numbers of 31 bits.
 */
export const LOCAL_IDS = { first: 0x4000_0000, last: 0x7fff_ffff } as const;

export type FromWorker =
  /** Sockets can come. `pinned` is null when no CPUs were asked for. */
  | { kind: 'ready'; pinned: Outcome | null }
  | { kind: 'request'; connection: ConnectionId; request: Request }
  /** The changes up to this epoch are applied. */
  | { kind: 'applied'; epoch: number }
  /** A client that lives in the worker's thread has come. */
  | { kind: 'opened'; connection: ConnectionId }
  | { kind: 'closed'; connection: ConnectionId }
  /** Something has happened here that somebody wants to hear of. */
  | { kind: 'event'; event: BrokerEvent }
  /** A proxy has said where its client comes from. */
  | { kind: 'behind a proxy'; connection: ConnectionId; address: string }
  /** What happens in the worker's log, and how appending goes there. */
  | { kind: 'logged'; events: readonly LogEvent[] }
  | { kind: 'health'; health: Health }
  /** For the operator's log. */
  | { kind: 'entries'; entries: readonly LogEntry[] }
  /** The answer to `pause`. */
  | { kind: 'paused' }
  /** The answer to what a test has asked. */
  | { kind: 'tested'; round: number; value: unknown }
  /** Something was published to an exchange that a test listens to. */
  | { kind: 'published'; message: PublishedMessage }
  /** Publishers wait for memory, or none does any more. */
  | { kind: 'memory'; short: boolean }
  /** A defect was found here: the broker must end. */
  | { kind: 'defect'; error: ErrorInWords }
  /** `written`: whether all that was recorded is. */
  | { kind: 'stopped'; written: boolean };
