/**
 * One life of a broker's store on simulated files: what clients and workers do at random, with all that the log has to
 * bear, and its end. Logs of workers tell the broker thread late, each in its own order.
 */

import type { LogEvent } from '../../../dist/log/commit-log.js';
import type { LogManager } from '../../../dist/store/log-manager.js';
import type { SpilledSource } from '../../../src/log/spill-source.js';
import { openLogManager, openWriter } from '../support/logs.js';
import { readSource } from '../support/messages.js';
import { type Call, type Random, type SimulatedDirectory, systemError } from '../support/simulated.js';
import { readDefinitions, SimulatedDefinitions } from './definitions.js';
import type { Entry, Model, Place, Queue } from './model.js';
import { Participant } from './participant.js';

export const FILE_OCTETS = 12 << 10;
/** Breaks in what is done that are worth a barrier, and priorities of the queue that has some. */
export const BREAKS = 3;
const PRIORITIES_OF_FIRST = 3;
const NAMES = ['urgent', 'plain', 'dead', 'waiting'];

/** What a queue held when the log was opened, as far as nobody took it from there. */
interface Spilled {
  readonly source: SpilledSource;
  /** Its next position then. */
  readonly base: number;
}

type Held = readonly [queue: Queue, id: number, position: number, entry: Entry];

export class Life {
  readonly #writers: Participant[] = [];
  /** What each worker's log has told and the broker thread has not heard yet. */
  readonly #told: LogEvent[][] = [];
  readonly #spilled = new Map<number, Spilled>();
  readonly #saving = new Set<Promise<void>>();
  readonly #main: Participant;
  #bodies = 0;

  private constructor(
    readonly directory: SimulatedDirectory,
    readonly model: Model,
    readonly random: Random,
    readonly faults: number,
    readonly logManager: LogManager,
    readonly definitions: SimulatedDefinitions,
    readonly barrier: { ask: (writerNumber: number, barrier: number) => void },
  ) {
    this.#main = new Participant(logManager.writer, model);
  }

  /** Opens the log on what is in the directory; `model` is what was found there. */
  static async start(directory: SimulatedDirectory, model: Model, random: Random, faults: number): Promise<Life> {
    const defined = await readDefinitions(directory);
    const known = new Set(defined.queues.values());
    const barrier: Life['barrier'] = { ask: () => undefined };
    const logManager = await openLogManager(directory, {
      exists: (number) => known.has(number),
      fileOctets: FILE_OCTETS,
      breaks: BREAKS,
      askBarrier: (writerNumber, number) => barrier.ask(writerNumber, number),
      pause: pass,
    });
    const definitions = new SimulatedDefinitions(directory, defined);
    const life = new Life(directory, model, random, faults, logManager, definitions, barrier);
    life.#open();
    return life;
  }

  #open(): void {
    this.#bodies = Math.floor(this.random() * 1e6) * 1000;
    for (const { places } of this.model.queues) {
      for (const id of places.keys()) {
        const kept = this.logManager.queues.find((one) => one.id === id);
        if (kept !== undefined) this.#spilled.set(id, { source: kept.source, base: kept.next });
      }
    }
    const workers = 1 + Math.floor(this.random() * 3);
    for (const { writerNumber, start } of this.logManager.setups(workers)) {
      const told: LogEvent[] = [];
      this.#told.push(told);
      const writer = openWriter(this.directory, {
        writerNumber,
        start,
        fileOctets: FILE_OCTETS,
        clock: () => 1000,
        calm: () => this.random() < 0.6,
        pause: pass,
        onEvent: (event) => told.push(event),
      });
      this.#writers.push(new Participant(writer, this.model));
    }
    this.barrier.ask = (writerNumber, barrier) => {
      const participant = writerNumber === 0 ? this.#main : this.#writers[writerNumber - 1];
      participant?.write(true);
      participant?.writer.barrier(barrier);
    };
  }

  /** May make a call of the directory fail. */
  disturb(call: Call): void {
    if ((call === 'write' || call === 'sync' || call === 'create') && this.random() < this.faults) {
      throw systemError(this.random() < 0.5 ? 'EIO' : 'ENOSPC');
    }
  }

  /** Does one thing, and waits for it or not. */
  async step(): Promise<void> {
    const chance = this.random();
    if (chance < 0.26) this.#publish();
    else if (chance < 0.42) this.#acknowledge();
    else if (chance < 0.52) this.#move();
    else if (chance < 0.57) this.#moveAtLeastOnce();
    else if (chance < 0.62) this.#commit();
    else if (chance < 0.68) await this.#load();
    else if (chance < 0.7) this.#purge();
    else if (chance < 0.74) this.#declare();
    else if (chance < 0.755) this.#delete();
    else if (chance < 0.85) this.#hear();
    else if (chance < 0.93) await this.#reclaim();
    else if (chance < 0.95) this.directory.capacity = this.directory.octets() + this.random() * 2 * FILE_OCTETS;
    else if (chance < 0.98) this.directory.capacity = Number.POSITIVE_INFINITY;
    else await this.idle();
    for (const participant of this.#all()) if (this.random() < 0.5) participant.write(this.random() < 0.2);
    if (this.random() < 0.4) await pass();
  }

  /** Everything that was asked for is done. */
  async idle(): Promise<void> {
    this.directory.capacity = Number.POSITIVE_INFINITY;
    while (this.#saving.size > 0) await Promise.all(this.#saving);
    for (const participant of this.#all()) await participant.idle();
  }

  /** Ends the log; what of the queues was given out before is told. */
  async close(): Promise<void> {
    if (this.random() < 0.8) await this.idle();
    for (const participant of this.#writers) participant.write(true);
    this.#main.write(true);
    const closed: Promise<void>[] = [];
    for (const { writer } of this.#writers) {
      closed.push(writer.close());
      await closed.at(-1)?.catch(() => undefined);
    }
    this.#hearAll();
    const delivered = new Map<number, { from: number; count: number }[]>();
    for (const { queue, id, place } of this.#places()) {
      if (queue.deleted !== null) continue;
      const some = [...place.entries].filter(([, { gone }]) => gone === null && this.random() < 0.3);
      for (const [, entry] of some) entry.delivered = true;
      delivered.set(
        id,
        some.map(([from]) => ({ from, count: 1 })),
      );
    }
    const ended = (await Promise.allSettled(closed)).every(({ status }) => status === 'fulfilled');
    const whole = ended && this.#writers.every(({ writer }) => writer.health.state === 'ok');
    await this.logManager.close(whole ? delivered : null).catch(() => undefined);
  }

  /** Nobody looks any more: what is still under way comes to its end. */
  abandon(): void {
    this.directory.onCall = () => undefined;
    this.directory.capacity = Number.POSITIVE_INFINITY;
  }

  /** Takes all that there is, and has cleared away what can be. */
  async drain(): Promise<void> {
    await this.idle();
    for (const { queue, id, place } of this.#places()) {
      if (queue.deleted !== null || place.next === 0) continue;
      this.#spilled.get(id)?.source.drop();
      this.#spilled.delete(id);
      this.#main.done(id, 0, place.next);
      for (const entry of place.entries.values()) entry.gone ??= this.#main.change;
    }
    await this.idle();
    // The first asks for barriers that are heard before the second.
    for (let i = 0; i < 3; i++) {
      this.#hearAll();
      await this.logManager.reclaim();
    }
  }

  #publish(): void {
    const participant = this.#any();
    const count = 1 + Math.floor(this.random() * 3);
    for (let i = 0; i < count && participant.hasRoom(); i++) this.#enqueue(participant, this.#body());
  }

  /** A new message, in one queue or more. */
  #enqueue(participant: Participant, body: string): void {
    const queues = this.model.live();
    const chosen = new Set(Array.from({ length: 1 + Math.floor(this.random() ** 3 * 3) }, () => this.#oneOf(queues)));
    const places: [number, number][] = [];
    for (const queue of chosen) if (queue !== null) places.push(this.#take(queue, body, participant));
    if (places.length > 0) participant.publish(body, places);
  }

  /** A position of a queue, for a message that a participant records. */
  #take(queue: Queue, body: string, participant: Participant): [id: number, position: number] {
    const [id, place] = this.#oneOf([...queue.places]) as [number, Place];
    // Some places are those of messages that are not logged.
    if (this.random() < 0.15) place.next += 1;
    const position = place.next++;
    place.entries.set(position, { body, came: participant.change, gone: null, delivered: false });
    return [id, position];
  }

  #acknowledge(): void {
    const participant = this.#any();
    const count = 1 + Math.floor(this.random() ** 2 * 6);
    for (let i = 0; i < count && participant.hasRoom(); i++) this.#end(participant, this.#some());
  }

  #end(participant: Participant, held: Held | null): void {
    if (held === null) return;
    const [, id, position, entry] = held;
    participant.done(id, position);
    entry.gone = participant.change;
  }

  /** A dead letter, or what was held back and is due: it goes from queue to queue at once. */
  #move(): void {
    const participant = this.#any();
    const held = this.#some();
    const to = this.#oneOf(this.model.live());
    if (held === null || to === null || !participant.hasRoom()) return;
    const { body } = held[3];
    participant.publish(body, [this.#take(to, body, participant)]);
    this.#end(participant, held);
  }

  /** A dead letter that stays until it has arrived. */
  #moveAtLeastOnce(): void {
    const participant = this.#any();
    const held = this.#some();
    const to = this.#oneOf(this.model.live());
    if (held === null || to === null || !participant.hasRoom()) return;
    const [queue, , , entry] = held;
    participant.publish(entry.body, [this.#take(to, entry.body, participant)]);
    participant.whenDurable(() => {
      if (entry.gone === null && queue.deleted === null) this.#end(participant, held);
    });
  }

  /** A transaction: publishes and acknowledgements that are there together. */
  #commit(): void {
    const participant = this.#any();
    for (let i = 0; i < 4 && participant.hasRoom(); i++) {
      if (this.random() < 0.5) this.#enqueue(participant, this.#body());
      else this.#end(participant, this.#some());
    }
    participant.write(true);
  }

  /** Brings what is spilled into memory: it must be what it was, wherever it was moved to meanwhile. */
  async #load(): Promise<void> {
    for (const { queue, id, place } of this.#places()) {
      const spilled = this.#spilled.get(id);
      if (spilled === undefined || queue.deleted !== null || this.random() < 0.5) continue;
      this.#spilled.delete(id);
      const reading = readSource(spilled.source, 1 + Math.floor(this.random() * 5));
      if (this.random() < 0.5) await this.#reclaim();
      for (const { position, body } of await reading) {
        if (place.entries.get(position)?.body !== body)
          throw new Error(`queue ${id} got another message at ${position}`);
      }
    }
  }

  /** What is spilled goes without having been in memory. */
  #purge(): void {
    const one = this.#oneOf(this.#places().filter(({ queue }) => queue.deleted === null));
    if (one === null || !this.#main.hasRoom()) return;
    const { id, place } = one;
    const spilled = this.#spilled.get(id);
    if (spilled !== undefined) {
      spilled.source.drop();
      this.#spilled.delete(id);
      this.#main.done(id, 0, spilled.base);
    }
    for (const [position, entry] of place.entries) {
      if (entry.gone !== null) continue;
      if (position >= (spilled?.base ?? 0)) this.#main.done(id, position);
      entry.gone = this.#main.change;
    }
  }

  #declare(): void {
    const taken = new Set(this.model.queues.filter(({ deleted }) => deleted === null).map(({ name }) => name));
    const name = NAMES.find((one) => !taken.has(one));
    if (name === undefined) return;
    const queue = this.model.add(name, this.definitions.takeNumber(), name === NAMES[0] ? PRIORITIES_OF_FIRST : 1);
    this.#track(this.definitions.put(name, queue.number), () => this.model.becameDurable(queue.defined));
  }

  #delete(): void {
    const queue = this.#oneOf(this.model.live());
    if (queue === null) return;
    const deleted = this.model.newChange();
    queue.deleted = deleted;
    for (const id of queue.places.keys()) {
      this.#spilled.get(id)?.source.drop();
      this.#spilled.delete(id);
    }
    this.#track(this.definitions.remove(queue.name), () => {
      this.model.becameDurable(deleted);
      this.logManager.deleted(queue.number);
    });
  }

  /** On a disk that fails, clearing away fails, too, and is tried again. */
  async #reclaim(): Promise<void> {
    if (this.directory.capacity < Number.POSITIVE_INFINITY) {
      // It may wait for room: nobody waits for it.
      this.logManager.reclaim().catch(() => undefined);
      await pass();
    } else await this.logManager.reclaim().catch(() => undefined);
  }

  #hear(): void {
    for (const [worker, told] of this.#told.entries()) {
      for (const event of told.splice(0, Math.floor(this.random() * 20))) this.logManager.heard(worker + 1, event);
    }
  }

  #hearAll(): void {
    for (const [worker, told] of this.#told.entries()) {
      for (const event of told.splice(0)) this.logManager.heard(worker + 1, event);
    }
  }

  /** A message that is in memory, and that nobody has taken. */
  #some(): Held | null {
    const queue = this.#oneOf(this.model.live());
    if (queue === null) return null;
    const held: Held[] = [];
    for (const [id, { entries }] of queue.places) {
      if (this.#spilled.has(id)) continue;
      for (const [position, entry] of entries) if (entry.gone === null) held.push([queue, id, position, entry]);
    }
    return this.#oneOf(held);
  }

  #places(): { queue: Queue; id: number; place: Place }[] {
    return this.model.queues.flatMap((queue) => [...queue.places].map(([id, place]) => ({ queue, id, place })));
  }

  #body(): string {
    const size = this.random() < 0.15 ? this.random() * 4000 : this.random() * 80;
    return `${this.#bodies++}:${'x'.repeat(size)}`;
  }

  #any(): Participant {
    return this.#writers[Math.floor(this.random() * this.#writers.length)] as Participant;
  }

  #all(): Participant[] {
    return [this.#main, ...this.#writers];
  }

  #oneOf<T>(list: readonly T[]): T | null {
    return list[Math.floor(this.random() * list.length)] ?? null;
  }

  #track(promise: Promise<void>, done: () => void): void {
    const tracked = promise.then(done).finally(() => this.#saving.delete(tracked));
    this.#saving.add(tracked);
  }
}

/** Lets everything else go on, and then some. */
export function pass(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
