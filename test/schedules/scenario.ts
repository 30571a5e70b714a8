/**
 * What a scenario is made of. Its setup makes whole calls, by the test bench that other tests use; its programs are
 * what participants then do at a time, by calls in which they can be stopped. After each run the account is made up:
 * whole calls again bring everything to rest, and every message must have been accounted for, once.
 */
import { Stop } from '../../src/engine/engine.js';
import { DOORBELL, SLOTS } from '../../src/numbers/core.js';
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
  /** Brings all to rest, looks whether everything adds up, and says what memory is left in use. */
  check(): string;
}

const WORK_MAX = 0x7fffffff;
/** More turns than anything here needs. */
const TURNS_MOST = 50;

/** Messages of one run and what became of them. */
class Account {
  /** Those that were enqueued, and those of them that somebody has for good. */
  readonly published: string[] = [];
  readonly settled: string[] = [];
  /** So many were dropped on purpose. */
  dropped = 0;
  /** Delivered and not settled by the program: they come back at the end. */
  readonly held = new Set<string>();
}

export class Stage {
  /** Messages that are there before the run: in their queues, or with clients. */
  readonly #before: string[] = [];
  readonly clients: Client[] = [];
  readonly queues = new Map<string, { address: number; deleted: boolean }>();
  account = new Account();
  /** What must hold besides, at the end of a run and before all is brought to rest. */
  readonly rules: (() => void)[] = [];
  readonly #auditor: Client;
  readonly #auditorChannel: number;

  constructor(readonly machine: Machine) {
    for (const { engine } of machine.participants) engine.setTime(1_000_000);
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
    const client = this.client(worker);
    client.open(1);
    client.feed(publish(1, name, Buffer.from('way')));
    this.bench.coordinator.purge(this.bench.queue(name));
    return client;
  }

  /** Puts messages into a queue before the run. */
  fill(client: Client, name: string, ...bodies: string[]): void {
    for (const body of bodies) client.feed(publish(1, name, Buffer.from(body)));
    this.#before.push(...bodies);
  }

  /** Moves head and tail of an empty queue on to a slot of its block. */
  moveTo(client: Client, name: string, slot: number): void {
    const queue = this.bench.queue(name);
    const now = this.#tail(queue) % SLOTS;
    for (let i = now; i < slot; i++) client.feed(publish(1, name, Buffer.from('fill')));
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

  /** Any call, once. */
  *call(step: Step, after: (result: number) => void = () => {}): Program {
    after(yield step);
  }

  // ── The account ──────────────────────────────────────────────────────────────────────────────────────────────

  prepare(parts: readonly Part[]): Prepared {
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
        for (const queue of this.queues.values()) queue.deleted = false;
        for (const client of this.clients) client.stream();
        return plays.map((play) => play());
      },
      check: () => this.#check(),
    };
  }

  #check(): string {
    for (const rule of this.rules) rule();
    const { account, bench } = this;
    this.#serveAll();
    this.#noneWaits();
    this.#collect();
    // What clients hold goes back, and is taken from there.
    for (const client of this.clients) {
      if (client === this.#auditor) continue;
      client.close();
    }
    this.#serveAll();
    for (const { address, deleted } of this.queues.values()) {
      if (deleted) continue;
      while (bench.engine(0).get(this.#auditorChannel, address, true));
      bench.serve(0);
      this.#collect();
      if (bench.coordinator.readyCount(address) !== 0)
        throw new Fault(`${bench.coordinator.readyCount(address)} messages are ready and nobody gets them`);
    }
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

  #serveAll(): void {
    for (let round = 0; round < 3; round++) for (let i = 0; i < this.machine.workers; i++) this.bench.serve(i);
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
        if (this.settles(client, one.kind)) this.account.settled.push(body);
        else this.account.held.add(body);
      }
    }
  }

  /** Whether what a client is sent needs no acknowledgement. */
  readonly acknowledging = new Set<Client>();
  settles(client: Client, kind: string): boolean {
    return kind === 'got' || !this.acknowledging.has(client);
  }

  #everyMessageOnce(account: Account): void {
    const all = [...this.#before, ...account.published];
    const counts = new Map<string, number>(all.map((body) => [body, 0]));
    for (const body of account.settled) {
      const count = counts.get(body);
      if (count === undefined) throw new Fault(`nobody published ${JSON.stringify(body)}, and it was delivered`);
      counts.set(body, count + 1);
    }
    let missing = 0;
    for (const [body, count] of counts) {
      if (count > 1) throw new Fault(`${body} was delivered ${count} times`);
      if (count === 0) missing += 1;
    }
    if (missing !== account.dropped) {
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
