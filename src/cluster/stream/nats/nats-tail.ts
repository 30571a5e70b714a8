/**
 * Reads a JetStream stream from a sequence on by a consumer of its own that the servers keep nothing for, and asks for
 * some messages at a time: no more come than were asked for, so a reader that pauses holds the servers, and what waits
 * here is bounded. What must hold: sequences are told without gap and without one twice. So the consumer is made anew
 * from the sequence that comes next whenever something is amiss: the connection was lost, nothing was heard for longer
 * than its heartbeat takes, a sequence is missing, or the server that had it is gone.
 */
import { randomUUID } from 'node:crypto';
import type { ConsumerConfig, JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { StreamMessage, Tail, TailReader } from '../log-stream.js';
import { purged, StreamError } from '../stream-error.js';
import { natsError } from './nats-errors.js';
import type { NatsPackages } from './nats-packages.js';

const NANOS = 1e6;
/** Messages, and octets, that are asked for at once. */
const PULL_MESSAGES = 256;
const PULL_OCTETS = 8 << 20;
/** A question for messages ends after this, and is asked again (ms). */
const PULL_EXPIRES = 30_000;
/** While none come, the server says so often that it is there (ms). */
const HEARTBEAT = 500;
/** Who has said nothing for so long is gone (ms). */
const SILENCE_MAX = 3 * HEARTBEAT;
/** A consumer whose reader is gone goes, too (ms). */
const INACTIVE = 30_000;
/** Before a consumer that could not be made is made again (ms). */
const PAUSE = 100;
/** So often a sequence may be missing where it must be, before that is believed. */
const HOLES_MAX = 5;

export interface NatsTailSetup {
  readonly packages: NatsPackages;
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly messageOctetsMax: number;
}

export class NatsTail implements Tail {
  readonly #setup: NatsTailSetup;
  readonly #reader: TailReader;
  readonly #onClosed: () => void;
  /** The next one that is to come, and those that came while the reader paused. */
  #next: number;
  #waiting: StreamMessage[] = [];
  #isPaused = false;
  #isClosed = false;
  /** The consumer; null while it is made. What an earlier one still sends is not looked at. */
  #consumer: string | null = null;
  #subscription: Subscription | null = null;
  #life = 0;
  /** Messages that the question under way may still bring; 0: none is under way. */
  #asked = 0;
  #question = 0;
  #heard = 0;
  #holes = 0;
  readonly #watch: NodeJS.Timeout;
  #again: NodeJS.Timeout | null = null;

  constructor(setup: NatsTailSetup, from: number, reader: TailReader, onClosed: () => void) {
    this.#setup = setup;
    this.#next = from;
    this.#reader = reader;
    this.#onClosed = onClosed;
    this.#watch = setInterval(() => {
      if (this.#asked > 0 && performance.now() - this.#heard > SILENCE_MAX) this.begin();
    }, HEARTBEAT);
    this.begin();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused && !this.#isClosed) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      this.#reader.onMessage(message.sequence, message.octets);
    }
    this.#ask();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#leave();
    this.#onClosed();
  }

  #end(error: StreamError): void {
    if (this.#isClosed) return;
    this.close();
    this.#reader.onEnd(error);
  }

  /** Lets the consumer go. */
  #leave(): void {
    this.#life += 1;
    this.#asked = 0;
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = null;
    const { connection, manager, stream } = this.#setup;
    if (!connection.isClosed()) {
      this.#subscription?.unsubscribe();
      // It goes by itself when that does not arrive.
      if (this.#consumer !== null) manager.consumers.delete(stream, this.#consumer).catch(() => {});
    }
    this.#subscription = null;
    this.#consumer = null;
  }

  /** Makes the consumer, or makes it anew. */
  begin(): void {
    if (this.#isClosed) return;
    this.#leave();
    const { packages, connection, manager, stream } = this.#setup;
    const life = this.#life;
    const name = `leveret-${randomUUID()}`;
    const config: Partial<ConsumerConfig> = {
      name,
      ack_policy: packages.jetstream.AckPolicy.None,
      deliver_policy: packages.jetstream.DeliverPolicy.StartSequence,
      opt_start_seq: this.#next,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE * NANOS,
    };
    const isOld = () => life !== this.#life;
    manager.consumers.add(stream, config).then(
      () => {
        if (isOld()) {
          if (!connection.isClosed()) manager.consumers.delete(stream, name).catch(() => {});
          return;
        }
        this.#consumer = name;
        const inbox = packages.transport.createInbox();
        this.#subscription = connection.subscribe(`${inbox}.*`, {
          callback: (error, message) => {
            if (isOld()) return;
            if (error === null) this.#onAnswer(message);
            else this.#end(natsError(packages, error));
          },
        });
        this.#inbox = inbox;
        this.#ask();
      },
      (error: unknown) => {
        if (!isOld()) this.#fail(natsError(packages, error));
      },
    );
  }
  #inbox = '';

  #fail(error: StreamError): void {
    if (error.code === 'denied') this.#end(error);
    else if (error.code !== 'closed') this.#later();
  }

  #later(): void {
    this.#leave();
    this.#again = setTimeout(() => this.begin(), PAUSE);
  }

  /** Asks for messages, unless it has done so, or has enough of them. */
  #ask(): void {
    if (this.#isClosed || this.#isPaused || this.#consumer === null || this.#asked > 0) return;
    const { connection, stream, messageOctetsMax } = this.#setup;
    this.#asked = PULL_MESSAGES;
    this.#question += 1;
    this.#heard = performance.now();
    const question = {
      batch: PULL_MESSAGES,
      max_bytes: Math.max(PULL_OCTETS, 2 * messageOctetsMax),
      expires: PULL_EXPIRES * NANOS,
      idle_heartbeat: HEARTBEAT * NANOS,
    };
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#consumer}`, JSON.stringify(question), {
      reply: `${this.#inbox}.${this.#question}`,
    });
  }

  #onAnswer(message: Msg): void {
    this.#heard = performance.now();
    if (message.headers !== undefined && message.headers.code !== 0) {
      if (message.subject === `${this.#inbox}.${this.#question}`) this.#onStatus(message.headers.code, message);
      return;
    }
    this.#asked = Math.max(0, this.#asked - 1);
    this.#onMessage(sequenceOf(message.reply ?? ''), message.data);
    if (this.#asked === 0) this.#ask();
  }

  #onStatus(code: number, { headers }: Msg): void {
    // There, but without messages.
    if (code === 100) return;
    this.#asked = 0;
    const isOver = code === 404 || code === 408 || /maxbytes|batch completed/i.test(headers?.description ?? '');
    // Else its server has gone, or it leads no more.
    if (isOver) this.#ask();
    else this.#later();
  }

  #onMessage(sequence: number, octets: Uint8Array): void {
    if (sequence < this.#next) return;
    if (sequence > this.#next) {
      this.#onHole(sequence);
      return;
    }
    this.#holes = 0;
    this.#next += 1;
    if (this.#isPaused) this.#waiting.push({ sequence, octets });
    else this.#reader.onMessage(sequence, octets);
  }

  /** It is purged; or did not arrive, and comes when it is asked for again; or the stream is damaged. */
  #onHole(found: number): void {
    this.#leave();
    const life = this.#life;
    const { packages, manager, stream } = this.#setup;
    manager.streams.info(stream).then(
      ({ state }) => {
        if (life !== this.#life) return;
        this.#holes += 1;
        if (state.first_seq > this.#next) this.#end(purged(this.#next, state.first_seq));
        else if (this.#holes < HOLES_MAX) this.begin();
        else this.#end(new StreamError('failed', `message ${this.#next} is missing in the stream, ${found} is there`));
      },
      (error: unknown) => {
        if (life === this.#life) this.#fail(natsError(packages, error));
      },
    );
  }
}

/** Of `$JS.ACK.[DOMAIN.ACCOUNT.]STREAM.CONSUMER.DELIVERED.SEQUENCE.…`; 0: it is none. */
function sequenceOf(reply: string): number {
  const tokens = reply.split('.');
  return Number(tokens.length === 9 ? tokens[5] : tokens[7]) || 0;
}
