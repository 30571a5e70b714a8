/**
 * What the handle of a broker, in the thread of the program that embeds it, and the broker thread say to each
 * other. What must hold: after `refused`, `closed` or `defect` the broker thread says nothing more, and ends.
 */
import type { ProgramClient } from '../connection/transport/ring-transport.js';
import type { LogEntry } from '../logging/logger.js';
import type { ErrorInWords } from '../platform/fatal.js';
import type { AdministrationRequest } from './administration.js';
import type { BoundAddress } from './listeners/bound.js';
import type { BoundHttp } from './management-messages.js';
import type { ResolvedOptions } from './options.js';
import type { AskedEvent, DamageEvent, ToldEvent } from './program-events.js';
import type { TestNews, TestRequest } from './testing/test-requests.js';

/** What is known of a broker that serves. */
export interface Started {
  /** Where it listens, in the order in which that was asked for. */
  readonly listeners: readonly BoundAddress[];
  /** Where the HTTP API is; null: nowhere. */
  readonly management: BoundHttp | null;
  readonly workers: number;
  /** Messages that came back from disk. */
  readonly recovered: number;
  /** What was wrong with the data directory; null: nothing. */
  readonly damage: DamageEvent | null;
  /** Where the workers run, in words. */
  readonly placement: string;
}

/** Why a broker could not start, in words for its owner. */
export type StartFailure =
  | { readonly kind: 'listener'; readonly message: string }
  | { readonly kind: 'definitions file'; readonly message: string }
  | { readonly kind: 'TLS file'; readonly message: string }
  | { readonly kind: 'OAuth file'; readonly message: string }
  | { readonly kind: 'data directory'; readonly message: string }
  | ({ readonly kind: 'other' } & ErrorInWords);

/** What came of a question to the administration, or of new options. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ErrorInWords };

/** What the broker thread starts with. */
export interface BrokerSetup {
  readonly options: ResolvedOptions;
  /** The time that a test moves (src/platform/manual-clock.ts); null: the machine's counts. */
  readonly clock: SharedArrayBuffer | null;
  /** What the operator's log tells of (src/logging/levels.ts). */
  readonly logLevels: SharedArrayBuffer;
}

export type ToBroker =
  | { readonly kind: 'ask'; readonly id: number; readonly request: AdministrationRequest }
  /** Let the program in, who speaks by these rings. */
  | { readonly kind: 'attach'; readonly client: ProgramClient }
  /** Go by these options from now on, as far as they can change; `changed` names those that were given anew. */
  | {
      readonly kind: 'reconfigure';
      readonly id: number;
      readonly options: ResolvedOptions;
      readonly changed: readonly string[];
    }
  /** Tell of these events from now on, and of no others. */
  | { readonly kind: 'listen'; readonly events: readonly AskedEvent[] }
  /** Who gives no sign of life? The answer is a text, or null. */
  | { readonly kind: 'silence'; readonly id: number }
  | { readonly kind: 'test'; readonly id: number; readonly request: TestRequest }
  /** Close all connections with 320 and end. */
  | { readonly kind: 'stop' };

export type FromBroker =
  | { readonly kind: 'started'; readonly started: Started }
  | { readonly kind: 'refused'; readonly failure: StartFailure }
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: Outcome }
  /** Something that the program listens to. */
  | { readonly kind: 'event'; readonly told: ToldEvent }
  /** For a test. */
  | { readonly kind: 'news'; readonly news: TestNews }
  /** For the operator's log. */
  | { readonly kind: 'entries'; readonly entries: readonly LogEntry[] }
  /** An orderly end. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'defect'; readonly error: ErrorInWords };
