/**
 * A stream of NATS JetStream. What must hold, besides log-stream.ts: an append expects the sequence of the whole stream
 * (`Nats-Expected-Last-Sequence`), which the stream's leader compares with what it has taken, so that several can be in
 * flight; a lost connection leaves what is under way unknown, and whatever the client still sends of it later is told
 * apart by that number.
 *
 * `Nats-Expected-Last-Msg-Id`, which compares contents, is not used: a replica that has caught up does not know the
 * last id and refuses what the others take (nats-server 2.15.2), so replicas would differ.
 */
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { fatal } from '../../../platform/fatal.js';
import type {
  AppendAnswer,
  DoneAnswer,
  InfoAnswer,
  LogStream,
  RangeAnswer,
  ReadAnswer,
  StreamInfo,
  StreamMessage,
  StreamState,
  Tail,
  TailReader,
  Unknown,
} from '../log-stream.js';
import { StreamError, tooLong } from '../stream-error.js';
import { type ApiFault, apiError, natsError, WRONG_LAST_SEQUENCE } from './nats-errors.js';
import { readInfo } from './nats-info.js';
import type { NatsPackages } from './nats-packages.js';
import { NatsTail } from './nats-tail.js';

/** Of what NATS takes for a message, its headers need some. */
const HEADER_OCTETS = 1024;
/** An append that is not answered in this time is unknown (ms). */
const APPEND_TIMEOUT = 2000;
/** Another server must lead by then (ms): they take 4 to 9 s where nobody hands over. */
const MOVE_TIMEOUT = 10_000;
const MOVE_PAUSE = 50;

export interface NatsStreamSetup {
  readonly packages: NatsPackages;
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly subject: string;
}

export class NatsStream implements LogStream {
  readonly #setup: NatsStreamSetup;
  readonly #tails = new Set<NatsTail>();
  #state: StreamState = 'connected';
  #onState: (state: StreamState) => void = () => {};

  constructor(setup: NatsStreamSetup) {
    this.#setup = setup;
    this.#watchConnection().catch(fatal);
  }

  get state(): StreamState {
    return this.#state;
  }
  get server(): string | null {
    return this.#state === 'connected' || this.#state === 'leaderless'
      ? (this.#setup.connection.info?.server_name ?? null)
      : null;
  }
  get messageOctetsMax(): number {
    return (this.#setup.connection.info?.max_payload ?? 1 << 20) - HEADER_OCTETS;
  }

  onState(listener: (state: StreamState) => void): void {
    this.#onState = listener;
  }

  append(octets: Uint8Array, expected: number, answer: (answer: AppendAnswer) => void): void {
    const { packages, connection, stream, subject } = this.#setup;
    if (octets.length > this.messageOctetsMax) throw tooLong(octets.length, this.messageOctetsMax);
    const headers = packages.transport.headers();
    headers.set('Nats-Expected-Stream', stream);
    headers.set('Nats-Expected-Last-Sequence', `${expected}`);
    this.#ask<AppendAnswer>(
      async () => readAppendAnswer(await connection.request(subject, octets, { headers, timeout: APPEND_TIMEOUT })),
      answer,
    );
  }

  read(sequence: number, answer: (answer: ReadAnswer) => void): void {
    const { manager, stream } = this.#setup;
    this.#ask<ReadAnswer>(async () => {
      const message = await manager.streams.getMessage(stream, { seq: sequence });
      return message === null ? { kind: 'missing' } : { kind: 'found', octets: message.data };
    }, answer);
  }

  readRange(from: number, to: number, octetsMax: number, answer: (answer: RangeAnswer) => void): void {
    this.#ask<RangeAnswer>(async () => {
      const { first, last } = await this.#info();
      const end = Math.min(to, last);
      return { kind: 'read', messages: from < first || from > end ? [] : await this.#collect(from, end, octetsMax) };
    }, answer);
  }

  /** All of them are there. */
  #collect(from: number, to: number, octetsMax: number): Promise<StreamMessage[]> {
    return new Promise((resolve, reject) => {
      const messages: StreamMessage[] = [];
      let octetsSum = 0;
      const timer = setTimeout(
        () => finish(new StreamError('timeout', 'the messages did not come in time')),
        MOVE_TIMEOUT,
      );
      const finish = (error: StreamError | null) => {
        clearTimeout(timer);
        tail.close();
        if (error === null) resolve(messages);
        else reject(error);
      };
      const tail = this.tail(from, {
        onMessage: (sequence, octets) => {
          if (sequence > to || octetsSum >= octetsMax) return;
          messages.push({ sequence, octets });
          octetsSum += octets.length;
          if (sequence === to || octetsSum >= octetsMax) finish(null);
        },
        onEnd: finish,
      });
    });
  }

  tail(from: number, reader: TailReader): Tail {
    const setup = { ...this.#setup, messageOctetsMax: this.messageOctetsMax };
    const tail = new NatsTail(setup, from, reader, () => this.#tails.delete(tail));
    this.#tails.add(tail);
    return tail;
  }

  info(answer: (answer: InfoAnswer) => void): void {
    this.#ask<InfoAnswer>(async () => ({ kind: 'info', info: await this.#info() }), answer);
  }

  async #info(): Promise<StreamInfo> {
    return readInfo(await this.#setup.manager.streams.info(this.#setup.stream));
  }

  purge(upTo: number, answer: (answer: DoneAnswer) => void): void {
    const { manager, stream } = this.#setup;
    this.#ask<DoneAnswer>(async () => {
      await manager.streams.purge(stream, { seq: upTo + 1 });
      return { kind: 'done' };
    }, answer);
  }

  moveLeader(to: string | null, answer: (answer: DoneAnswer) => void): void {
    const { connection, stream } = this.#setup;
    this.#ask<DoneAnswer>(async () => {
      const { leader } = await this.#info();
      if (leader === to && to !== null) return { kind: 'done' };
      const wish = to === null ? '' : JSON.stringify({ placement: { preferred: to } });
      const told = await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, wish, {
        timeout: APPEND_TIMEOUT,
      });
      const { error } = told.json<{ error?: ApiFault }>();
      if (error !== undefined) throw apiError(error);
      await this.#untilLed((now) => (to === null ? now !== leader : now === to));
      return { kind: 'done' };
    }, answer);
  }

  async #untilLed(isRight: (leader: string) => boolean): Promise<void> {
    const deadline = performance.now() + MOVE_TIMEOUT;
    for (;;) {
      const leader = await this.#info().then(
        (info) => info.leader,
        () => null,
      );
      if (leader !== null && isRight(leader)) return;
      if (performance.now() > deadline || this.#state === 'closed') {
        throw new StreamError('timeout', `the stream is led by ${leader ?? 'nobody'}, which was to give way`);
      }
      await new Promise((resume) => setTimeout(resume, MOVE_PAUSE));
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const tail of [...this.#tails]) tail.close();
    await this.#setup.connection.close();
  }

  /** Asks, and tells the answer; what was thrown is told as unknown. Nothing is told once the handle is closed. */
  #ask<A>(ask: () => Promise<A | Unknown>, answer: (answer: A | Unknown) => void): void {
    if (this.#state === 'closed') return;
    ask()
      .catch((error: unknown): Unknown => ({ kind: 'unknown', error: natsError(this.#setup.packages, error) }))
      .then((given) => {
        if (this.#state === 'closed') return;
        this.#learn(given);
        answer(given);
      });
  }

  #learn(given: unknown): void {
    const { kind, error } = given as { kind: string; error?: StreamError };
    if (this.#state === 'disconnected') return;
    if (kind !== 'unknown') this.#turn('connected');
    else if (error?.code === 'leaderless') this.#turn('leaderless');
  }

  #turn(state: StreamState): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.#onState(state);
  }

  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#setup.connection.status()) {
      if (type === 'disconnect') this.#turn('disconnected');
      if (type === 'reconnect') {
        this.#turn('connected');
        for (const tail of [...this.#tails]) tail.begin();
      }
    }
  }
}

function readAppendAnswer(message: Msg): AppendAnswer {
  const { seq, error } = message.json<{ seq?: number; error?: ApiFault }>();
  if (error === undefined && seq !== undefined) return { kind: 'accepted', sequence: seq };
  const last = /wrong last sequence: (\d+)/.exec(error?.description ?? '')?.[1];
  if (error?.err_code === WRONG_LAST_SEQUENCE && last !== undefined) return { kind: 'refused', last: Number(last) };
  return {
    kind: 'unknown',
    error: apiError(error ?? { description: 'the answer has neither a sequence nor an error' }),
  };
}
