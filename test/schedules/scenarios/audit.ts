/**
 * The account after each run: whole calls bring everything to rest again, and every message must have been accounted
 * for, once.
 */
import type { Client } from '../../engine/support/bench.js';
import { Fault } from '../search/fault.js';
import { everyMessageOnce } from './account.js';
import type { Stage } from './stage.js';

/** As in assembly/memory/root.ts. */
const SLEEPING = 1;

export class Audit {
  /** Takes what is left when all others are gone. */
  readonly #auditor: Client;
  readonly #auditorChannel: number;
  readonly #served = new Set<Client>();

  constructor(readonly stage: Stage) {
    this.#auditor = stage.client(0);
    this.#auditorChannel = this.#auditor.open(1);
  }

  /** The setup is done. What consumers have taken meanwhile is theirs. */
  begin(): void {
    const { stage } = this;
    for (let i = 0; i < stage.machine.workers; i++) this.#takeOutput(i);
    const taken = new Set<string>();
    for (const client of stage.clients)
      for (const one of client.received()) if ('body' in one && stage.settles(client)) taken.add(one.body.toString());
    stage.before = stage.before.filter((body) => !taken.has(body));
  }

  /** Brings all to rest, looks whether everything adds up, and says what memory is left in use. */
  check(): string {
    this.#served.clear();
    for (const rule of this.stage.rules) rule();
    for (let i = 0; i < this.stage.machine.workers; i++) this.#takeOutput(i);
    this.#collect();
    this.stage.work.look(this.#served);
    const { account, bench } = this.stage;
    this.#noneSleepsBesideWork();
    for (const { address, deleted } of this.stage.queues.values()) if (!deleted) this.#pageAllIn(address);
    this.#serveAll();
    if (!account.lossy) this.#noneWaits();
    this.#collect();
    for (const rule of this.stage.whenServed) rule(this.#served);
    // What clients hold goes back, and is taken from there.
    for (const client of this.stage.clients) {
      if (client === this.#auditor) continue;
      client.close();
    }
    this.#serveAll();
    this.#takeDead();
    for (const { address, deleted } of this.stage.queues.values()) {
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
    for (const { address, deleted } of this.stage.queues.values()) {
      if (deleted) continue;
      bench.coordinator.retireQueue(address);
      bench.coordinator.freeQueue(address);
    }
    for (let i = 0; i < 2; i++) for (const { engine } of this.stage.machine.participants) engine.serve();
    everyMessageOnce(this.stage, account);
    const units = (kind: 'pages' | 'cells' | 'boxes'): number => bench.coordinator.unitsUsed(kind);
    return `${units('pages')} pages, ${units('cells')} cells, ${units('boxes')} boxes in use`;
  }

  /** Hands on what is encoded already. */
  #takeOutput(worker: number): void {
    const engine = this.stage.bench.engine(worker);
    for (let id = engine.nextOutput(); id >= 0; id = engine.nextOutput()) {
      // Clients of an engine are numbered in the order in which they came.
      this.stage.clients.filter((client) => client.engine === engine)[id]?.take();
    }
  }

  #serveAll(): void {
    for (let round = 0; round < 3; round++)
      for (let i = 0; i < this.stage.machine.workers; i++) this.stage.bench.serve(i);
  }

  /** What has died is gone for good. */
  #takeDead(): void {
    for (let i = 0; i < this.stage.machine.workers; i++)
      this.stage.account.settled.push(...this.stage.bench.dead(i).map(({ body }) => body));
  }

  #noneSleepsBesideWork(): void {
    const { machine } = this.stage;
    for (const one of machine.participants.slice(0, machine.workers)) {
      if (one.look(one.address, 'Participant.state') === SLEEPING && one.look(one.address, 'Participant.inbox') !== 0)
        throw new Fault(`worker ${one.index} sleeps, and was left a turn`);
    }
  }

  /** Nothing is left of those who came and went. */
  #nothingIsLeft(queue: number): void {
    const { coordinator } = this.stage.machine;
    for (const word of ['Queue.waiting', 'Queue.consumers', 'Queue.grants', 'Queue.requeued'] as const) {
      const left = coordinator.look(queue, word);
      if (left !== 0) throw new Fault(`${word} is ${left} when all clients are gone`);
    }
    if (coordinator.look(queue, 'Queue.head') !== coordinator.look(queue, 'Queue.tail'))
      throw new Fault('the head has not come to the tail, and nothing is ready');
  }

  /** No consumer waits beside a message that it could have. */
  #noneWaits(): void {
    for (const [name, { address, deleted }] of this.stage.queues) {
      if (deleted) continue;
      if (this.stage.bench.coordinator.isOwed(address, null))
        throw new Fault(`a consumer waits beside what is ready in ${name}`);
    }
  }

  /** What clients have been sent since the last time. */
  #collect(): void {
    for (const client of this.stage.clients) {
      for (const one of client.received()) {
        if (!('body' in one)) continue;
        const body = one.body.toString();
        this.#served.add(client);
        if (this.stage.settles(client)) this.stage.account.settled.push(body);
        else this.stage.account.held.add(body);
      }
    }
  }

  /** Brings everything back, by whole calls. */
  #pageAllIn(queue: number): void {
    const { coordinator } = this.stage.bench;
    for (const image of this.stage.images) {
      if (coordinator.spilledCount(queue) === 0) break;
      coordinator.pageIn(queue);
      const staging = coordinator.takeStaging();
      this.stage.machine.write(staging, image);
      if (coordinator.pageInTake(staging, image.length) !== image.length) throw new Fault('an image is not taken');
      if (!coordinator.pageInEnd(true)) throw new Fault('an image is given up');
      coordinator.giveStaging(staging);
    }
    if (coordinator.spilledCount(queue) !== 0) throw new Fault('messages are away that are nowhere');
  }
}
