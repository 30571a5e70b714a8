/**
 * What a scenario is made of. Its setup makes whole calls, by the test bench that other tests use; its programs are
 * what participants then do at a time, by calls in which they can be stopped.
 */
import { Stop } from '../../../src/engine/engine.js';
import { DOORBELL, SETTLE_DONE, SLOTS } from '../../../src/numbers/core.js';
import type { Client } from '../../engine/support/bench.js';
import { properties, publish } from '../../engine/support/frames.js';
import { Fault } from '../search/fault.js';
import type { Machine, Participant } from '../search/machine.js';
import type { Prepared } from '../search/prepared.js';
import { MAY_END, type Program, type Step } from '../search/run.js';
import { Account } from './account.js';
import { Audit } from './audit.js';
import type { Part } from './scenario.js';
import { Work } from './work.js';

/** The clock of all participants before a run. */
export const NOW = 1_000_000;
const SEGMENT = 1 << 20;
const WORK_MAX = 0x7fffffff;
/** More turns than anything here needs. */
const TURNS_MOST = 50;

export class Stage {
  /** Messages that are there before the run: in their queues, or with clients. */
  before: string[] = [];
  readonly clients: Client[] = [];
  readonly queues = new Map<string, { address: number; deleted: boolean }>();
  account = new Account();
  /** What must hold besides, at the end of a run and before all is brought to rest. */
  readonly rules: (() => void)[] = [];
  readonly #audit: Audit;

  constructor(readonly machine: Machine) {
    for (const { engine } of machine.participants) engine.setTime(NOW);
    this.#audit = new Audit(this);
  }

  get bench() {
    return this.machine.bench;
  }

  client(worker: number): Client {
    const client = this.bench.client(worker);
    this.clients.push(client);
    return client;
  }

  queue(name: string): number {
    const address = this.bench.queue(name);
    this.queues.set(name, { address, deleted: false });
    return address;
  }

  participant(index: number): Participant {
    return this.machine.participants[index] as Participant;
  }

  /** A client with channel 1 that knows the way to a queue. */
  publisher(worker: number, name: string): Client {
    const known = this.#publishers.get(`${worker} ${name}`);
    if (known !== undefined) return known;
    const client = this.client(worker);
    this.#publishers.set(`${worker} ${name}`, client);
    client.open(1);
    client.feed(publish(1, name, Buffer.from('way')));
    this.bench.coordinator.purge(this.bench.queue(name));
    return client;
  }

  /** Puts messages into a queue before the run. */
  fill(name: string, ...bodies: string[]): void {
    const filler = this.publisher(0, name);
    for (const body of bodies) filler.feed(publish(1, name, Buffer.from(body)));
    this.before.push(...bodies);
  }
  readonly #publishers = new Map<string, Client>();

  /** The same with a priority. */
  fillAt(name: string, priority: number, body: string): void {
    this.publisher(0, name).feed(publish(1, name, Buffer.from(body), { properties: properties({ priority }) }));
    this.before.push(body);
  }

  // ── Who must work ───────────────────────────────────────────────────────────────────────────────────────────

  /** Clients that hold messages, by their workers. */
  readonly holders = new Map<number, { client: Client; channel: number; bodies: readonly string[] }>();
  holderOf(worker: number) {
    const holder = this.holders.get(worker);
    if (holder === undefined) throw new Error(`worker ${worker} has no client that holds messages`);
    return holder;
  }

  readonly work = new Work();

  /** A participant has done what its operation is for. */
  did(participant: number): void {
    this.work.did(participant);
  }

  /** Puts a message into two queues: it counts twice. */
  fillBoth(key: string, body: string): void {
    const client = this.client(0);
    client.open(1);
    client.feed(publish(1, key, Buffer.from(body)));
    this.before.push(body);
    this.twice.add(body);
  }
  readonly twice = new Set<string>();

  /** Participants have no pages but those that they are promised. */
  withoutPages(): void {
    for (const { engine } of this.machine.participants) engine.sleep();
    for (const { engine } of this.machine.participants) engine.wake();
  }

  queueAt(name: string): number {
    return this.bench.queue(name);
  }

  /** Images of messages that are away, the oldest first. */
  readonly images: Buffer[] = [];

  /** Pages messages out by whole calls: their image. */
  pageOutNow(queue: number, staging: number): Buffer {
    const { coordinator } = this.bench;
    const [front, behind] = [-1, 0];
    if (coordinator.pageOut(queue, front, 0, SEGMENT) <= 0 && coordinator.pageOut(queue, behind, 0, SEGMENT) <= 0)
      throw new Error('there is nothing to page out');
    const length = coordinator.pageOutFill(staging, SEGMENT);
    const image = Buffer.from(this.machine.bytes.slice(staging, staging + length));
    if (!coordinator.pageOutEnd(true)) throw new Error('the messages stay');
    return image;
  }

  /** Moves head and tail of an empty queue on to a slot of its block. */
  moveTo(name: string, slot: number): void {
    const queue = this.bench.queue(name);
    const client = this.publisher(0, name);
    const now = this.#tail(queue) % SLOTS;
    const messages = Array.from({ length: slot - now }, () => publish(1, name, Buffer.from('fill')));
    client.feed(Buffer.concat(messages));
    this.bench.coordinator.purge(queue);
  }

  #tail(queue: number): number {
    return this.machine.words[queue >>> 2] as number;
  }

  // ── Programs ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** A client sends messages in one read. */
  *publish(client: Client, worker: number, name: string, ...bodies: string[]): Program {
    yield* this.#read(client, worker, Buffer.concat(bodies.map((body) => publish(1, name, Buffer.from(body)))));
    this.account.published.push(...bodies);
  }

  /** The same with a priority. */
  *publishAt(client: Client, worker: number, name: string, priority: number, body: string): Program {
    const options = { properties: properties({ priority }) };
    yield* this.#read(client, worker, publish(1, name, Buffer.from(body), options));
    this.account.published.push(body);
  }

  /** A client sends octets. */
  *read(client: Client, worker: number, octets: Buffer): Program {
    yield* this.#read(client, worker, octets);
  }

  *#read(client: Client, worker: number, octets: Buffer): Program {
    const { engine } = this.participant(worker);
    this.machine.write(engine.readOffset, octets);
    let offset = engine.readOffset;
    let left = octets.length;
    while (left > 0) {
      const stop = yield ['ingest', client.core, offset, left, WORK_MAX];
      offset += engine.consumed;
      left -= engine.consumed;
      if (stop === Stop.END) break;
      if (stop === Stop.MEMORY && this.starving.has(worker)) {
        yield* this.sleep(worker);
        continue;
      }
      if (stop === Stop.TOPOLOGY) {
        yield* this.applyTopology(worker);
        continue;
      }
      if (stop === Stop.ROUTE) {
        const queues = this.#routeAt(engine.frameOffset, engine.frameLength);
        this.machine.write(this.scratch(worker), new Uint8Array(Uint32Array.from(queues).buffer));
        yield ['installRoute', client.core, queues.length, 0, 0];
        continue;
      }
      throw new Fault(`a read ended with stop ${stop}`);
    }
  }

  /** Workers whose publishers may find no memory, and sleep until there is some. */
  readonly starving = new Set<number>();
  /** Queues that the coordinator has taken out of the topology in this run. */
  readonly gone = new Set<string>();
  /** The topology that workers have applied in this run. */
  readonly applied = new Map<number, number>();

  /** A worker forgets its routes, and says which topology it has now. */
  *applyTopology(worker: number): Program {
    const epoch = yield ['topologyEpoch'];
    yield ['applyTopology', epoch];
    this.applied.set(worker, epoch);
  }

  scratch(worker: number): number {
    return (this.participant(worker).engine as unknown as { scratch: number }).scratch;
  }

  #routeAt(offset: number, length: number): number[] {
    const key = Buffer.from(this.machine.bytes.slice(offset, offset + length));
    const name = key.subarray(2 + (key[0] ?? 0)).toString();
    const queue = this.queues.get(name);
    return queue === undefined || queue.deleted || this.gone.has(name) ? [] : [queue.address];
  }

  /** A worker serves its consumers until nothing is left to do. */
  *serve(): Program {
    for (let i = 0; i < TURNS_MOST; i++) if ((yield ['serve']) === 0) return;
    throw new Fault('a worker serves for good');
  }

  /** A worker goes to sleep when it has nothing to do, and serves when it is rung, so many times. */
  *sleepAndServe(worker: number, times: number): Program {
    for (let i = 0; i < times; i++) {
      yield* this.serve();
      yield* this.sleep(worker);
    }
    yield* this.serve();
  }

  *sleep(worker: number): Program {
    if ((yield ['sleep']) !== 0) {
      yield { untilRung: this.doorbell(worker) };
      yield ['wake'];
    }
  }

  doorbell(index: number): number {
    return this.participant(index).address + DOORBELL;
  }

  /** basic.get, and the message is settled at once. */
  *get(channel: number, queue: number): Program {
    yield ['getMessage', channel, queue, 1];
    yield MAY_END;
  }

  /** Calls in a row, whatever they return. */
  *calls(...steps: Step[]): Program {
    for (const step of steps) {
      yield step;
      yield MAY_END;
    }
  }

  /** The one delivery of a channel is acknowledged. */
  *settle(channel: number, body: string): Program {
    yield ['settleDelivery', channel, 1, 0, SETTLE_DONE];
    this.account.settled.push(body);
  }

  /** A retired queue goes for good. */
  *free(name: string): Program {
    const queue = this.queues.get(name);
    if (queue === undefined) throw new Error(`there is no queue ${name}`);
    queue.deleted = true;
    yield ['freeQueue', queue.address];
  }

  /** Takes segments, gives them back, and does so with two once more. */
  *takeSegments(count: number): Program {
    const taken: number[] = [];
    for (let i = 0; i < count; i++) taken.push((yield ['takeStaging']) >>> 0);
    for (const segment of taken) yield ['giveStaging', segment];
    for (let i = 0; i < 2; i++) taken[i] = (yield ['takeStaging']) >>> 0;
    for (let i = 0; i < 2; i++) yield ['giveStaging', taken[i] as number];
  }

  // ── Runs ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether what a client is sent needs no acknowledgement. */
  readonly acknowledging = new Set<Client>();
  settles(client: Client): boolean {
    return !this.acknowledging.has(client);
  }

  /** What must hold when all have been served: the clients that were sent messages. */
  readonly whenServed: ((served: ReadonlySet<Client>) => void)[] = [];

  /** Where several take from one queue, nobody sees an order. */
  unordered = false;

  prepare(parts: readonly Part[]): Prepared {
    this.#audit.begin();
    const none = function* (): Program {};
    const plays = this.machine.participants.map(
      (_, index) => parts.find(({ participant }) => participant === index)?.play ?? none,
    );
    return {
      roles: this.machine.participants.length,
      doorbells: this.machine.participants.map((_, index) => this.doorbell(index)),
      programs: () => {
        this.account = new Account();
        this.images.length = 0;
        this.applied.clear();
        this.gone.clear();
        this.work.begin();
        for (const queue of this.queues.values()) queue.deleted = false;
        for (const client of this.clients) client.stream();
        return plays.map((play) => play());
      },
      idle: () => this.work.idle(),
      working: [...this.work.working.keys()],
      check: () => this.#audit.check(),
    };
  }
}
