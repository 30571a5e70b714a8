/**
 * A test bench for engines: one or two participants on a small memory, clients that feed bytes and collect what they
 * would read. It answers the engine's stops as a host would: routes lead to the queue that the routing key names.
 */
import { createSharedCore, openEngine } from '../../../dist/engine/open.js';
import {
  type CounterList,
  type Engine,
  type EngineKind,
  type HeldBack,
  NO_FEATURES,
  type QueueFeatures,
  RouteFlag,
  Stop,
} from '../../../src/engine/engine.js';
import { type Received, received } from './frames.js';

export const ENGINES: readonly EngineKind[] = ['wasm', 'js'];
const MEBIBYTE = 1 << 20;

/** A message that died, as the host is told. */
export interface Dead {
  readonly body: string;
  readonly queue: string;
  readonly reason: number;
}

/** Where nothing is to be held back. */
function noRoom(queue: number, from: number, count: number): never {
  throw new Error(`${count} places of queue ${queue} from ${from} on find no room in the log`);
}

export class Bench {
  readonly queues = new Map<string, number>();
  /** Keys whose messages the host routes itself. */
  readonly asked = new Set<string>();
  /** Lists in which messages with a key are counted. */
  readonly counters = new Map<string, CounterList>();
  /** Keys that lead to other queues than the one of their name. */
  readonly routes = new Map<string, readonly string[]>();

  private constructor(
    readonly participants: readonly Engine[],
    readonly coordinator: Engine,
  ) {}

  static async open(kind: EngineKind, options: { workers?: number; mebibytes?: number } = {}): Promise<Bench> {
    const workers = options.workers ?? 1;
    const shared = await createSharedCore(kind, (options.mebibytes ?? 32) * MEBIBYTE, workers);
    const engines: Engine[] = [];
    for (let i = 0; i < workers; i++) engines.push(await openEngine(shared, i));
    return Bench.of(engines, await openEngine(shared, workers));
  }

  /** Of engines that have joined one core. */
  static of(workers: readonly Engine[], coordinator: Engine): Bench {
    for (const engine of workers) engine.applyTopology(engine.topologyEpoch());
    return new Bench(workers, coordinator);
  }

  engine(worker = 0): Engine {
    const engine = this.participants[worker];
    if (engine === undefined) throw new Error(`no worker ${worker}`);
    return engine;
  }

  queue(name: string): number {
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const queue = this.engine().createQueue();
    this.queues.set(name, queue);
    return queue;
  }

  /**
   * Every participant keeps a log from now on: worker N as writer N + 1, the coordinator as 0. `heldBack` takes what
   * finds no room there.
   */
  startLog(firstMessage = 1, heldBack: HeldBack = noRoom): void {
    this.coordinator.startLog(0, firstMessage, heldBack);
    for (const [i, engine] of this.participants.entries()) engine.startLog(i + 1, firstMessage, heldBack);
  }

  /** A queue that the log knows, without messages. */
  loggedQueue(name: string, id: number, nextPosition = 0): number {
    const queue = this.queue(name);
    this.coordinator.setLogId(queue, id, nextPosition);
    return queue;
  }

  /** Sets what a queue does from now on, as the coordinator does: every worker forgets its routes. */
  setFeatures(name: string, features: Partial<QueueFeatures>): number {
    const queue = this.queue(name);
    if (!this.coordinator.setFeatures(queue, { ...NO_FEATURES, ...features }))
      throw new Error('no memory for features');
    const epoch = this.coordinator.raiseTopology();
    for (const engine of this.participants) engine.applyTopology(epoch);
    return queue;
  }

  /** Sets the clocks. */
  setTime(now: number): void {
    for (const engine of [...this.participants, this.coordinator]) engine.setTime(now);
  }

  /** Lets a worker sweep as long as there is something to do at once. */
  sweep(worker = 0): void {
    while (this.engine(worker).sweep());
  }

  /** Settles what has died through a worker; returns it, the oldest first. */
  dead(worker = 0): Dead[] {
    const engine = this.engine(worker);
    const dead: Dead[] = [];
    for (let message = engine.nextDead(); message !== 0; message = engine.nextDead()) {
      const body = Buffer.from(engine.messageBody(message)).toString();
      dead.push({ body, queue: this.nameOf(engine.deadQueue), reason: engine.deadReason });
      engine.settleDead();
    }
    return dead;
  }

  /** Where a key leads. */
  routeOf(key: string): number[] {
    const names = this.routes.get(key) ?? [key];
    return names.flatMap((name) => this.queues.get(name) ?? []);
  }

  nameOf(queue: number): string {
    for (const [name, one] of this.queues) if (one === queue) return name;
    throw new Error(`no queue ${queue}`);
  }

  client(worker = 0, frameMax = 131072): Client {
    return new Client(this, this.engine(worker), frameMax);
  }

  /** Lets a worker's consumers pull until nothing is left to do, and hands the bytes to the clients. */
  serve(worker = 0): void {
    const engine = this.engine(worker);
    let more = true;
    while (more) {
      more = engine.serve();
      for (let id = engine.nextOutput(); id >= 0; id = engine.nextOutput()) {
        more = true;
        Client.byId(engine, id).take();
      }
    }
  }
}

const clients = new WeakMap<Engine, Map<number, Client>>();

export class Client {
  readonly core: number;
  readonly channels = new Map<number, number>();
  /** Why each `feed` stopped before its end, if for more than a route. */
  readonly stops: Stop[] = [];
  /** Work that each scan may do; no limit, if none is given. What happens between two scans of one read. */
  work: number | undefined;
  onWork: () => void = () => {};
  #stream: Buffer[] = [];
  #rest = 0;

  constructor(
    readonly bench: Bench,
    readonly engine: Engine,
    frameMax: number,
  ) {
    const known = clients.get(engine) ?? new Map<number, Client>();
    clients.set(engine, known);
    const id = known.size;
    known.set(id, this);
    this.core = engine.openConnection(id, 0);
    engine.setFrameMax(this.core, frameMax);
  }

  static byId(engine: Engine, id: number): Client {
    const client = clients.get(engine)?.get(id);
    if (client === undefined) throw new Error(`no client ${id}`);
    return client;
  }

  open(number: number): number {
    const channel = this.engine.openChannel(this.core, number);
    this.channels.set(number, channel);
    return channel;
  }

  consume(
    number: number,
    queue: string,
    options: { noAck?: boolean; prefetch?: number; priority?: number } = {},
  ): number {
    const channel = this.channels.get(number) ?? this.open(number);
    const tag = Buffer.from(`tag-${number}`);
    return this.engine.addConsumer(
      channel,
      this.bench.queue(queue),
      tag,
      options.noAck ?? false,
      options.prefetch ?? 0,
      options.priority ?? 0,
    );
  }

  /** Feeds bytes as a socket would, in reads of at most `read` octets. Returns the stop that ended it. */
  feed(bytes: Uint8Array, read = 65536): Stop {
    for (let at = 0; at < bytes.length; at += read) {
      const part = bytes.subarray(at, at + read);
      const stop = this.#read(part);
      if (stop !== Stop.END) {
        this.#rest = bytes.length - at - part.length + this.#rest;
        return stop;
      }
    }
    return Stop.END;
  }

  /** Feeds bytes that may have to wait for memory: returns those that were not taken, to be fed again. */
  offer(bytes: Uint8Array, read?: number): Uint8Array {
    const stop = this.feed(bytes, read);
    if (stop === Stop.END) return bytes.subarray(bytes.length);
    if (stop !== Stop.MEMORY) throw new Error(`an offer ended with stop ${stop}`);
    return bytes.subarray(bytes.length - this.#rest);
  }

  #read(bytes: Uint8Array): Stop {
    const { engine } = this;
    engine.bytes.set(bytes, engine.readOffset);
    let offset = engine.readOffset;
    let left = bytes.length;
    for (;;) {
      const stop = engine.ingest(this.core, offset, left, this.work);
      offset += engine.consumed;
      left -= engine.consumed;
      if (stop === Stop.WORK) {
        const rest = engine.bytes.slice(offset, offset + left);
        this.onWork();
        offset = engine.readOffset;
        engine.bytes.set(rest, offset);
        continue;
      }
      if (stop === Stop.ROUTE) {
        this.#installRoute();
        continue;
      }
      if (stop === Stop.MESSAGE) {
        this.#publish();
        continue;
      }
      if (stop !== Stop.END) this.stops.push(stop);
      this.#rest = left;
      if (stop !== Stop.FRAME) return stop;
    }
  }

  #keyAt(key: Uint8Array): string {
    return Buffer.from(key.subarray(2 + (key[0] ?? 0))).toString('latin1');
  }

  #installRoute(): void {
    const { engine } = this;
    const key = this.#keyAt(engine.bytes.slice(engine.frameOffset, engine.frameOffset + engine.frameLength));
    const flags = this.bench.asked.has(key) ? RouteFlag.ASK_HOST : RouteFlag.STATIC;
    const queues = flags === RouteFlag.STATIC ? this.bench.routeOf(key) : [];
    engine.installRoute(this.core, queues, flags, this.bench.counters.get(key) ?? 0);
  }

  #publish(): void {
    const { engine } = this;
    const message = engine.stopMessage;
    const channel = this.channels.get(engine.stopChannel) ?? 0;
    engine.publish(channel, message, this.bench.routeOf(this.#keyAt(engine.messageKey(message))));
  }

  /** Takes the chunk that `nextOutput` gave out. */
  take(): void {
    const { engine } = this;
    this.#stream.push(Buffer.from(engine.bytes.slice(engine.outputOffset, engine.outputOffset + engine.outputLength)));
    engine.written(this.core, engine.outputBox);
  }

  /** What has come since the last call, as it came. */
  stream(): Buffer {
    const stream = Buffer.concat(this.#stream);
    this.#stream = [];
    return stream;
  }

  /** What has come since the last call. */
  received(): Received[] {
    return received(this.stream());
  }

  bodies(): string[] {
    return this.received().flatMap((one) => ('body' in one ? [one.body.toString()] : []));
  }

  close(): void {
    this.engine.closeConnection(this.core);
  }
}
