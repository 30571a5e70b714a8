/**
 * A random life of durable queues on simulated files, which writes down what was promised at every moment, so that whatever a loss of power leaves
 * can be held against it.
 */
import { Ledger } from '../../../dist/store/ledger.js';
import { MessageLog } from '../../../dist/store/message-log.js';
import type { Recovered } from '../../../dist/store/recovery.js';
import { recover, scanner } from './logs.js';
import { recoveredQueues, type SeenEntry, storedMessage } from './messages.js';
import { type Call, type Random, type SimulatedDirectory, systemError } from './simulated.js';

interface Entry {
  readonly body: string;
  durable: boolean;
  delivered: 'no' | 'asked' | 'durable';
  done: 'no' | 'asked' | 'durable';
}

interface Queue {
  readonly entries: Map<number, Entry>;
  next: number;
  deleted: 'no' | 'asked' | 'durable';
}

/** What must hold of what a loss of power leaves. */
export type Promised = ReadonlyMap<number, Queue>;

const LANES = 2;

export class Workload {
  readonly queues = new Map<number, Queue>();
  #logs: MessageLog[] = [];
  #nextQueue = 1;
  #nextBody = 0;
  #pending = new Set<Promise<void>>();

  constructor(
    readonly random: Random,
    /** How likely a write or sync fails. */
    readonly faults: number,
  ) {}

  /** Opens the logs on what is in the directory; what came back is the truth from now on. */
  async start(directory: SimulatedDirectory): Promise<void> {
    const recovered = await recover(directory);
    const found = await recoveredQueues(recovered);
    for (const [id, queue] of this.queues) {
      if (queue.deleted !== 'no' && !found.has(id)) {
        this.queues.delete(id);
        continue;
      }
      queue.deleted = 'no';
      const seen = new Map((found.get(id) ?? []).map((entry) => [entry.position, entry]));
      for (const [position, entry] of queue.entries) {
        const again = seen.get(position);
        if (again === undefined) queue.entries.delete(position);
        else this.#settle(entry, again);
      }
      queue.next = Math.max(0, recovered.queues.find((one) => one.id === id)?.next ?? 0);
    }
    const ledger = Ledger.from(recovered);
    this.#logs = Array.from({ length: LANES }, (_, lane) => {
      const isOwn = (other: number) => other % LANES === lane;
      return new MessageLog(directory, recovered, {
        lane,
        ledger,
        isOwn,
        scanner,
        fileOctets: 16 << 10,
        pause: async () => undefined,
        clock: () => 1000,
      });
    });
  }

  #settle(entry: Entry, seen: SeenEntry): void {
    entry.durable = true;
    entry.done = 'no';
    entry.delivered = seen.delivered ? 'durable' : 'no';
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
    if (chance < 0.45) this.#publish();
    else if (chance < 0.75) this.#ack();
    else if (chance < 0.83) this.#deliver();
    else if (chance < 0.85) this.#purge();
    else if (chance < 0.87) this.#delete();
    else if (chance < 0.97) await this.#log().reclaim();
    else await this.idle();
    if (this.random() < 0.3) await this.idle();
  }

  /** Everything that was asked for is done. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async close(): Promise<void> {
    await this.idle();
    for (const log of this.#logs) await log.close();
  }

  /** Acknowledges all, then clears away whatever can be. */
  async drain(): Promise<void> {
    for (const [id, queue] of this.queues) if (queue.deleted === 'no') this.#ackRun(id, queue, 0, queue.next);
    await this.idle();
    for (const log of this.#logs) while ((await log.reclaim()) !== null);
  }

  /** What is promised now. */
  promised(): Promised {
    return new Map(
      [...this.queues].map(([id, queue]) => [
        id,
        { ...queue, entries: new Map([...queue.entries].map(([position, entry]) => [position, { ...entry }])) },
      ]),
    );
  }

  #publish(): void {
    const publications = Array.from({ length: 1 + Math.floor(this.random() * 4) }, () => {
      const body = `${this.#nextBody++}:${'x'.repeat(this.random() < 0.2 ? this.random() * 5000 : this.random() * 100)}`;
      const queues = new Set(Array.from({ length: 1 + Math.floor(this.random() ** 3 * 3) }, () => this.#queue()));
      return { body, queues: [...queues] };
    });
    const entries: Entry[] = [];
    const made = publications.map(({ body, queues }) => ({
      message: storedMessage(body),
      places: queues.map((id) => {
        const queue = this.queues.get(id) as Queue;
        const position = queue.next++;
        const entry: Entry = { body, durable: false, delivered: 'no', done: 'no' };
        queue.entries.set(position, entry);
        entries.push(entry);
        return { queue: id, position };
      }),
    }));
    this.#track(this.#log().publish(made, 1000), () => {
      for (const entry of entries) entry.durable = true;
    });
  }

  #ack(): void {
    const [id, queue, position] = this.#some();
    if (queue !== null) this.#ackRun(id, queue, position, 1 + Math.floor(this.random() ** 2 * 5));
  }

  #ackRun(id: number, queue: Queue, from: number, count: number): void {
    const some: Entry[] = [];
    const end = Math.min(from + count, queue.next);
    for (let position = from; position < end; position++) {
      const entry = queue.entries.get(position);
      if (entry !== undefined && entry.done === 'no') some.push(entry);
    }
    for (const entry of some) entry.done = 'asked';
    this.#track(this.#log().ack(id, [{ from, count: end - from }]), () => {
      for (const entry of some) entry.done = 'durable';
    });
  }

  #deliver(): void {
    const [id, queue, position] = this.#some();
    const entry = queue?.entries.get(position);
    if (entry === undefined || entry.delivered !== 'no') return;
    entry.delivered = 'asked';
    this.#track(this.#log().delivered(id, [{ from: position, count: 1 }]), () => {
      entry.delivered = 'durable';
    });
  }

  #purge(): void {
    const [id, queue, kept] = this.#some();
    if (queue === null) return;
    const some = [...queue.entries].filter(([position, { done }]) => position !== kept && done === 'no');
    for (const [, entry] of some) entry.done = 'asked';
    this.#track(this.#log().purged(id, queue.next, [{ from: kept, count: 1 }]), () => {
      for (const [, entry] of some) entry.done = 'durable';
    });
  }

  #delete(): void {
    const [id, queue] = this.#some();
    if (queue === null) return;
    queue.deleted = 'asked';
    this.#track(this.#log().deleted(id), () => {
      queue.deleted = 'durable';
    });
  }

  /** A queue that is not deleted, and a position that it once gave out. */
  #some(): [number, Queue, number] | [number, null, number] {
    const live = [...this.queues].filter(([, { deleted, next }]) => deleted === 'no' && next > 0);
    const [id, queue] = live[Math.floor(this.random() * live.length)] ?? [0, null];
    return queue === null ? [0, null, 0] : [id, queue, Math.floor(this.random() * queue.next)];
  }

  #queue(): number {
    const live = [...this.queues].filter(([, { deleted }]) => deleted === 'no');
    if (live.length < 3) {
      this.queues.set(this.#nextQueue, { entries: new Map(), next: 0, deleted: 'no' });
      return this.#nextQueue++;
    }
    return (live[Math.floor(this.random() * live.length)] as [number, Queue])[0];
  }

  #log(): MessageLog {
    return this.#logs[Math.floor(this.random() * this.#logs.length)] as MessageLog;
  }

  #track(promise: Promise<void>, done: () => void): void {
    const tracked = promise.then(done).finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }
}

/** What is wrong with what came back, if anything. */
export async function broken(promised: Promised, recovered: Recovered, faults = 0): Promise<string | null> {
  const found = await recoveredQueues(recovered);
  for (const [id, queue] of promised) {
    const entries = found.get(id);
    // What a failing device leaves behind of a deleted queue is told from others by the definitions.
    if (faults === 0 && queue.deleted === 'durable' && (entries?.length ?? 0) > 0)
      return `queue ${id} was deleted and is back`;
    if (queue.deleted !== 'no') continue;
    let before = -1;
    for (const { position, body, delivered } of entries ?? []) {
      const entry = queue.entries.get(position);
      if (position <= before) return `queue ${id} has position ${position} after ${before}`;
      before = position;
      if (entry === undefined)
        return `queue ${id} has position ${position}, which nobody published or which was done long ago`;
      if (entry.body !== body) return `queue ${id} has another message at position ${position}`;
      if (entry.done === 'durable') return `queue ${id}: what was done at ${position} is back`;
      if (entry.delivered === 'durable' && !delivered) return `queue ${id} forgot that ${position} was delivered`;
      if (entry.delivered === 'no' && delivered) return `queue ${id} says that ${position} was delivered`;
    }
    const positions = new Set(entries?.map(({ position }) => position));
    for (const [position, entry] of queue.entries) {
      if (entry.durable && entry.done === 'no' && !positions.has(position))
        return `queue ${id} lost position ${position}`;
    }
    const next = recovered.queues.find((one) => one.id === id)?.next ?? 0;
    if (next <= before) return `queue ${id} would give out position ${next} again`;
  }
  const { damaged, missing } = recovered.report;
  // What a failing device leaves of a file that was given up can look like anything.
  if (faults === 0 && damaged.some(({ kind }) => kind === 'corrupt'))
    return `an unfinished write was taken for damage: ${JSON.stringify(damaged)}`;
  if (missing.length > 0) return `batches were missed: ${JSON.stringify(missing)}`;
  return null;
}
