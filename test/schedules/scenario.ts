/**
 * What a scenario is made of. Its setup makes whole calls, by the test bench that other tests use; its programs are
 * what participants then do at a time, by calls in which they can be stopped. After each run the account is made up:
 * whole calls again bring everything to rest, and every message must have been accounted for, once.
 */
import { Stop } from '../../src/engine/engine.js';
import { DOORBELL, SETTLE_DONE, SLOTS } from '../../src/numbers/core.js';
import type { Client } from '../engine/support/bench.js';
import { publish } from '../engine/support/frames.js';
import { Fault } from './fault.js';
import type { Machine, Participant } from './machine.js';
import type { Program, Step } from './run.js';

export interface Scenario {
  readonly name: string;
  /** The operations that meet in it. */
  readonly meets: readonly string[];
  readonly workers: number;
  /** Why its participants share no word that one of them writes. Without a reason they must. */
  readonly apart?: string | undefined;
  /** Sets the stage, and says who plays what: for each participant that takes part its program, anew for each run. */
  readonly set: (stage: Stage) => readonly Part[];
}

/** What a participant does in a run. */
export interface Part {
  readonly participant: number;
  readonly play: () => Program;
}

export interface Prepared {
  readonly roles: number;
  readonly doorbells: readonly number[];
  programs(): Program[];
  /** Participants that must work, and have done nothing in the run that was checked last. */
  idle(): readonly number[];
  /** Participants that must work if they go first. */
  readonly working: readonly number[];
  /** Brings all to rest, looks whether everything adds up, and says what memory is left in use. */
  check(): string;
}

/** The clock of all participants before a run. */
export const NOW = 1_000_000;
const SEGMENT = 1 << 20;
const WORK_MAX = 0x7fffffff;
/** As in assembly/memory/root.ts. */
const SLEEPING = 1;
/** More turns than anything here needs. */
const TURNS_MOST = 50;

/** Messages of one run and what became of them. */
class Account {
  /** Those that were enqueued, and those of them that somebody has for good. */
  readonly published: string[] = [];
  readonly settled: string[] = [];
  /** So many were dropped on purpose. */
  dropped = 0;
  /** Nobody knows how many: the queue is deleted. */
  lossy = false;
  /** Delivered and not settled by the program: they come back at the end. */
  readonly held = new Set<string>();
}

export class Stage {
  /** Messages that are there before the run: in their queues, or with clients. */
  #before: string[] = [];
  readonly clients: Client[] = [];
  readonly queues = new Map<string, { address: number; deleted: boolean }>();
  account = new Account();
  /** What must hold besides, at the end of a run and before all is brought to rest. */
  readonly rules: (() => void)[] = [];
  readonly #auditor: Client;
  readonly #auditorChannel: number;

  constructor(readonly machine: Machine) {
    for (const { engine } of machine.participants) engine.setTime(NOW);
    this.#auditor = this.client(0);
    this.#auditorChannel = this.#auditor.open(1);
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
    this.#before.push(...bodies);
  }
  readonly #publishers = new Map<string, Client>();

  // ── Who must work ───────────────────────────────────────────────────────────────────────────────────────────

  /** Clients that hold messages, by their workers. */
  readonly holders = new Map<number, { client: Client; channel: number; bodies: readonly string[] }>();
  holderOf(worker: number) {
    const holder = this.holders.get(worker);
    if (holder === undefined) throw new Error(`worker ${worker} has no client that holds messages`);
    return holder;
  }

  /** Participants that must do something, and whether they may find nothing left to do. */
  readonly working = new Map<number, { readonly yields: boolean }>();
  readonly #done = new Set<number>();
  readonly #pulling = new Map<number, Client>();

  /** A participant has done what its operation is for. */
  did(participant: number): void {
    this.#done.add(participant);
  }

  /** A participant's work is that a client is sent messages. */
  pulls(participant: number, client: Client): void {
    this.#pulling.set(participant, client);
  }

  #seeWork(): void {
    for (let i = 0; i < this.machine.workers; i++) this.#takeOutput(i);
    this.#collect();
    for (const [participant, client] of this.#pulling) if (this.#served.has(client)) this.did(participant);
    for (const participant of this.#idle()) {
      if (!this.working.get(participant)?.yields) throw new Fault(`participant ${participant} has done nothing`);
    }
  }
  readonly #served = new Set<Client>();

  #idle(): number[] {
    return [...this.working.keys()].filter((participant) => !this.#done.has(participant));
  }

  /** Puts a message into two queues: it counts twice. */
  fillBoth(key: string, body: string): void {
    const client = this.client(0);
    client.open(1);
    client.feed(publish(1, key, Buffer.from(body)));
    this.#before.push(body);
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

  /** Brings everything back, by whole calls. */
  #pageAllIn(queue: number): void {
    const { coordinator } = this.bench;
    for (const image of this.images) {
      if (coordinator.spilledCount(queue) === 0) break;
      coordinator.pageIn(queue);
      const staging = coordinator.takeStaging();
      this.machine.write(staging, image);
      if (coordinator.pageInTake(staging, image.length) !== image.length) throw new Fault('an image is not taken');
      if (!coordinator.pageInEnd(true)) throw new Fault('an image is given up');
      coordinator.giveStaging(staging);
    }
    if (coordinator.spilledCount(queue) !== 0) throw new Fault('messages are away that are nowhere');
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
      if (stop === Stop.ROUTE) {
        const queues = this.#routeAt(engine.frameOffset, engine.frameLength);
        this.machine.write(this.#scratch(worker), new Uint8Array(Uint32Array.from(queues).buffer));
        yield ['installRoute', client.core, queues.length, 0, 0];
        continue;
      }
      throw new Fault(`a read ended with stop ${stop}`);
    }
  }

  #scratch(worker: number): number {
    return (this.participant(worker).engine as unknown as { scratch: number }).scratch;
  }

  #routeAt(offset: number, length: number): number[] {
    const key = Buffer.from(this.machine.bytes.slice(offset, offset + length));
    const queue = this.queues.get(key.subarray(2 + (key[0] ?? 0)).toString());
    return queue === undefined || queue.deleted ? [] : [queue.address];
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
  }

  /** Calls in a row, whatever they return. */
  *calls(...steps: Step[]): Program {
    for (const step of steps) yield step;
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

  // ── The account ──────────────────────────────────────────────────────────────────────────────────────────────

  prepare(parts: readonly Part[]): Prepared {
    for (let i = 0; i < this.machine.workers; i++) this.#takeOutput(i);
    // What consumers took meanwhile is theirs.
    const taken = new Set<string>();
    for (const client of this.clients)
      for (const one of client.received())
        if ('body' in one && !this.acknowledging.has(client)) taken.add(one.body.toString());
    this.#before = this.#before.filter((body) => !taken.has(body));
    const order = [...parts].sort((a, b) => a.participant - b.participant);
    const roles = this.machine.participants.length;
    const none = function* (): Program {};
    const plays = this.machine.participants.map(
      (_, index) => order.find(({ participant }) => participant === index)?.play ?? none,
    );
    return {
      roles,
      doorbells: this.machine.participants.map((_, index) => this.doorbell(index)),
      programs: () => {
        this.account = new Account();
        this.images.length = 0;
        this.#done.clear();
        this.#served.clear();
        for (const queue of this.queues.values()) queue.deleted = false;
        for (const client of this.clients) client.stream();
        return plays.map((play) => play());
      },
      idle: () => this.#idle(),
      working: [...this.working.keys()],
      check: () => this.#check(),
    };
  }

  #check(): string {
    for (const rule of this.rules) rule();
    this.#seeWork();
    const { account, bench } = this;
    this.#noneSleepsBesideWork();
    for (const { address, deleted } of this.queues.values()) if (!deleted) this.#pageAllIn(address);
    this.#serveAll();
    if (!account.lossy) this.#noneWaits();
    this.#collect();
    // What clients hold goes back, and is taken from there.
    for (const client of this.clients) {
      if (client === this.#auditor) continue;
      client.close();
    }
    this.#serveAll();
    this.#takeDead();
    for (const { address, deleted } of this.queues.values()) {
      if (deleted || account.lossy) continue;
      while (bench.engine(0).get(this.#auditorChannel, address, true));
      bench.serve(0);
      this.#collect();
      if (bench.coordinator.readyCount(address) !== 0)
        throw new Fault(`${bench.coordinator.readyCount(address)} messages are ready and nobody gets them`);
      this.#nothingIsLeft(address);
    }
    this.#takeDead();
    // A queue that asks for its messages is kept.
    while (bench.coordinator.nextPageInRequest() !== 0);
    this.#auditor.close();
    for (const { address, deleted } of this.queues.values()) {
      if (deleted) continue;
      bench.coordinator.retireQueue(address);
      bench.coordinator.freeQueue(address);
    }
    for (let i = 0; i < 2; i++) for (const { engine } of this.machine.participants) engine.serve();
    this.#everyMessageOnce(account);
    const units = (kind: 'pages' | 'cells' | 'boxes'): number => bench.coordinator.unitsUsed(kind);
    return `${units('pages')} pages, ${units('cells')} cells, ${units('boxes')} boxes in use`;
  }

  /** Hands on what is encoded already. */
  #takeOutput(worker: number): void {
    const engine = this.bench.engine(worker);
    for (let id = engine.nextOutput(); id >= 0; id = engine.nextOutput()) {
      // Clients of an engine are numbered in the order in which they came.
      this.clients.filter((client) => client.engine === engine)[id]?.take();
    }
  }

  #serveAll(): void {
    for (let round = 0; round < 3; round++) for (let i = 0; i < this.machine.workers; i++) this.bench.serve(i);
  }

  /** What has died is gone for good. */
  #takeDead(): void {
    for (let i = 0; i < this.machine.workers; i++)
      this.account.settled.push(...this.bench.dead(i).map(({ body }) => body));
  }

  #noneSleepsBesideWork(): void {
    const { machine } = this;
    for (const one of machine.participants.slice(0, machine.workers)) {
      if (one.look(one.address, 'Participant.state') === SLEEPING && one.look(one.address, 'Participant.inbox') !== 0)
        throw new Fault(`worker ${one.index} sleeps, and was left a turn`);
    }
  }

  /** Nothing is left of those who came and went. */
  #nothingIsLeft(queue: number): void {
    const { coordinator } = this.machine;
    for (const word of ['Queue.waiting', 'Queue.consumers', 'Queue.grants', 'Queue.requeued'] as const) {
      const left = coordinator.look(queue, word);
      if (left !== 0) throw new Fault(`${word} is ${left} when all clients are gone`);
    }
    if (coordinator.look(queue, 'Queue.head') !== coordinator.look(queue, 'Queue.tail'))
      throw new Fault('the head has not come to the tail, and nothing is ready');
  }

  /** No consumer waits beside a message that it could have. */
  #noneWaits(): void {
    for (const [name, { address, deleted }] of this.queues) {
      if (deleted) continue;
      if (this.bench.coordinator.isOwed(address, null))
        throw new Fault(`a consumer waits beside what is ready in ${name}`);
    }
  }

  /** What clients have been sent since the last time. */
  #collect(): void {
    for (const client of this.clients) {
      for (const one of client.received()) {
        if (!('body' in one)) continue;
        const body = one.body.toString();
        this.#served.add(client);
        if (this.settles(client)) this.account.settled.push(body);
        else this.account.held.add(body);
      }
    }
  }

  /** Whether what a client is sent needs no acknowledgement. */
  readonly acknowledging = new Set<Client>();
  settles(client: Client): boolean {
    return !this.acknowledging.has(client);
  }

  #everyMessageOnce(account: Account): void {
    const all = [...this.#before, ...account.published];
    const counts = new Map<string, number>(all.map((body) => [body, 0]));
    for (const body of account.settled) {
      const count = counts.get(body);
      if (count === undefined) throw new Fault(`nobody published ${JSON.stringify(body)}, and it was delivered`);
      counts.set(body, count + 1);
    }
    for (const body of this.twice) counts.set(body, (counts.get(body) ?? 0) - 1);
    let missing = 0;
    for (const [body, count] of counts) {
      if (count > 1) throw new Fault(`${body} was delivered ${count} times`);
      if (count === 0) missing += 1;
    }
    if (missing !== account.dropped && !account.lossy) {
      const lost = [...counts].filter(([, count]) => count === 0).map(([body]) => body);
      throw new Fault(`${missing} messages are missing (${lost.join(' ')}), and ${account.dropped} were dropped`);
    }
    this.#inOrder(account.settled);
  }

  /** What one publisher has sent comes in order: bodies are its name and a number. */
  #inOrder(settled: readonly string[]): void {
    const last = new Map<string, number>();
    for (const body of settled) {
      const [, name = '', number = '0'] = /^(\D+)(\d+)$/.exec(body) ?? [];
      if (this.unordered) continue;
      if ((last.get(name) ?? -1) > Number(number)) throw new Fault(`${body} came too late: ${settled.join(' ')}`);
      last.set(name, Number(number));
    }
  }
  /** Where several take from one queue, nobody sees an order. */
  unordered = false;
}
