/**
 * This folder is what tests have a worker do wrong on purpose; connections and workers import it. What must hold: where
 * nobody asks for it none of it is there, and a client that meets it cannot tell it from the real thing.
 *
 * Here: what is asked for, as one worker has it.
 */
import { decodeHeader, type Properties } from '../../amqp/properties.js';
import type { ConnectionId } from '../../broker/requests/requests.js';
import type { Queue } from '../../engine/engine.js';
import type { IncomingPublish } from '../publishing/incoming-publish.js';
import type { Session } from '../session/session.js';

/** What tests ask for, as all workers are told it. */
export interface FaultSettings {
  /** What is published to these exchanges is told. */
  readonly tapped: readonly { readonly vhost: string; readonly exchange: string }[];
  /**
   * How many publishes are still to be refused (i32). Written by: the broker thread adds, workers take away. Read by:
   * all. Freed by: nobody.
   */
  readonly nacks: SharedArrayBuffer;
  /** Whether there are any, as far as the broker thread knows. */
  readonly nacksSome: boolean;
  /** A queue that takes nothing: what is sent there is refused. */
  readonly refusing: Queue;
  /** So long (ms) confirms come late. */
  readonly confirmDelay: number;
  /** Why publishers are blocked; null: not by a test. */
  readonly blockedBy: string | null;
}

/** What was published to an exchange that is tapped. */
export interface PublishedMessage {
  readonly vhost: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: Uint8Array;
  readonly mandatory: boolean;
  readonly user: string;
  readonly connection: ConnectionId;
}

export class Faults {
  readonly settings: FaultSettings;
  readonly #tapped: ReadonlySet<string>;
  readonly #nacks: Int32Array;
  readonly #tell: (published: PublishedMessage) => void;

  constructor(settings: FaultSettings, tell: (published: PublishedMessage) => void) {
    this.settings = settings;
    this.#tapped = new Set(settings.tapped.map(({ vhost, exchange }) => keyOf(vhost, exchange)));
    this.#nacks = new Int32Array(settings.nacks);
    this.#tell = tell;
  }

  /** Whether each publish must come to the host. */
  get followsPublishes(): boolean {
    return this.#tapped.size > 0 || this.settings.nacksSome;
  }

  /** A message has come, and goes to queues next. */
  published({ host, id, vhost, principal }: Session, publish: IncomingPublish): void {
    const { message, header, exchange, routingKey, mandatory } = publish;
    if (!this.#tapped.has(keyOf(vhost, exchange))) return;
    const { engine } = host;
    const { properties } = decodeHeader(header ?? new Uint8Array(engine.messageHeader(message)));
    const body = engine.messageBody(message).slice();
    const user = principal.name;
    this.#tell({ vhost, exchange, routingKey, properties, body, mandatory, user, connection: id });
  }

  /** Whether the publish that has come is one of those that are to be refused. */
  takeNack(): boolean {
    for (let left = Atomics.load(this.#nacks, 0); left > 0; left = Atomics.load(this.#nacks, 0))
      if (Atomics.compareExchange(this.#nacks, 0, left, left - 1) === left) return true;
    return false;
  }
}

function keyOf(vhost: string, exchange: string): string {
  return JSON.stringify([vhost, exchange]);
}
