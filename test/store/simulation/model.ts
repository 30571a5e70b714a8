/**
 * What may be there: the queues as clients know them. What is written at once is one change; it is promised when it is
 * durable, and stands or falls as a whole. Whatever a loss of power leaves is held against that.
 */
import { PRIORITIES } from '../../../dist/store/recovery/ledger.js';
import type { SeenEntry } from '../support/messages.js';
import type { Defined } from './definitions.js';

/** Numbers a change; all of it is in one batch. */
export type Change = number;

export interface Entry {
  readonly body: string;
  /** What brings it, and what takes it away. */
  readonly came: Change;
  gone: Change | null;
  /** It was given out before and came back, and the log was told so. */
  delivered: boolean;
}

/** A queue, or a priority of one. */
export interface Place {
  readonly entries: Map<number, Entry>;
  next: number;
}

export interface Queue {
  readonly name: string;
  /** Its number in the log; those of its priorities follow. */
  readonly number: number;
  readonly defined: Change;
  deleted: Change | null;
  readonly places: Map<number, Place>;
}

/** The log as it was read. */
export interface Found {
  readonly clean: boolean;
  readonly defined: Defined;
  readonly queues: ReadonlyMap<number, readonly SeenEntry[]>;
  readonly next: ReadonlyMap<number, number>;
  /** Damage, lost messages, missing batches: what an operator would be told. */
  readonly told: readonly string[];
}

export class Model {
  readonly queues: Queue[] = [];
  readonly #durable = new Set<Change>();
  #nextChange: Change = 1;

  newChange(): Change {
    return this.#nextChange++;
  }

  isDurable(change: Change): boolean {
    return this.#durable.has(change);
  }

  becameDurable(change: Change): void {
    this.#durable.add(change);
  }

  add(name: string, number: number, priorities: number): Queue {
    const places = new Map<number, Place>();
    for (let priority = 0; priority < priorities; priority++)
      places.set(number + priority, { entries: new Map(), next: 0 });
    const queue: Queue = { name, number, defined: this.newChange(), deleted: null, places };
    this.queues.push(queue);
    return queue;
  }

  /** Queues that clients can use. */
  live(): Queue[] {
    return this.queues.filter(({ defined, deleted }) => deleted === null && this.isDurable(defined));
  }

  /** The same, at this moment. */
  copy(): Model {
    const copy = new Model();
    copy.#nextChange = this.#nextChange;
    for (const change of this.#durable) copy.#durable.add(change);
    for (const queue of this.queues) {
      const places = new Map<number, Place>();
      for (const [id, { entries, next }] of queue.places) {
        const some = new Map<number, Entry>();
        for (const [position, entry] of entries) some.set(position, { ...entry });
        places.set(id, { entries: some, next });
      }
      copy.queues.push({ ...queue, places });
    }
    return copy;
  }

  /** What was found is the truth from now on. */
  adopt(found: Found): void {
    this.#durable.clear();
    for (const queue of this.queues.splice(0)) {
      if (found.defined.queues.get(queue.name) !== queue.number) continue;
      const places = new Map<number, Place>();
      for (const id of queue.places.keys()) places.set(id, this.#adopted(id, queue, found));
      const defined = this.newChange();
      this.becameDurable(defined);
      this.queues.push({ name: queue.name, number: queue.number, defined, deleted: null, places });
    }
  }

  #adopted(id: number, queue: Queue, found: Found): Place {
    const known = queue.places.get(id)?.entries;
    const entries = new Map<number, Entry>();
    const came = this.newChange();
    this.becameDurable(came);
    for (const { position, delivered } of found.queues.get(id) ?? []) {
      const body = known?.get(position)?.body ?? '';
      entries.set(position, { body, came, gone: null, delivered });
    }
    return { entries, next: found.next.get(id) ?? 0 };
  }

  /** Whether a message is promised that must not be lost. */
  promisesMessages(): boolean {
    return this.live().some(({ places }) =>
      [...places.values()].some(({ entries }) =>
        [...entries.values()].some(({ came, gone }) => this.isDurable(came) && gone === null),
      ),
    );
  }

  /** What is wrong with what was found, if anything. */
  broken(found: Found): string | null {
    const evidence = new Evidence();
    for (const queue of this.queues) {
      const wrong = this.#brokenQueue(queue, found, evidence);
      if (wrong !== null) return wrong;
    }
    const known = new Set(this.queues.map(({ number }) => number));
    for (const id of found.queues.keys()) {
      if (!known.has(id - (id % PRIORITIES))) return `queue ${id} is back, which was deleted long ago`;
    }
    return evidence.contradiction() ?? found.told[0] ?? null;
  }

  #brokenQueue(queue: Queue, found: Found, evidence: Evidence): string | null {
    const { name, number, defined, deleted } = queue;
    const isDefined = found.defined.queues.get(name) === number;
    if (!isDefined) {
      if (this.isDurable(defined) && deleted === null) return `queue ${name} (${number}) is not defined any more`;
      for (const id of queue.places.keys()) if (found.queues.has(id)) return `queue ${id} is back without a definition`;
      return null;
    }
    if (deleted !== null && this.isDurable(deleted)) return `queue ${name} (${number}) was deleted and is back`;
    for (const [id, place] of queue.places) {
      const wrong = this.#brokenPlace(id, place, found, evidence);
      if (wrong !== null) return wrong;
    }
    return null;
  }

  #brokenPlace(id: number, place: Place, found: Found, evidence: Evidence): string | null {
    const seen = new Set<number>();
    let before = -1;
    for (const { position, body, delivered } of found.queues.get(id) ?? []) {
      const where = `queue ${id}, position ${position}`;
      if (position <= before) return `${where}: it comes after ${before}`;
      before = position;
      seen.add(position);
      const entry = place.entries.get(position);
      if (entry === undefined) return `${where}: nobody published it, or it was done long ago`;
      if (entry.body !== body) return `${where}: it is another message`;
      if (entry.gone !== null && this.isDurable(entry.gone)) return `${where}: what was done is back`;
      if (delivered !== (entry.delivered || !found.clean)) return `${where}: delivered is ${delivered}`;
      evidence.add(entry.came, true, where);
      if (entry.gone !== null) evidence.add(entry.gone, false, where);
    }
    for (const [position, { came, gone }] of place.entries) {
      if (seen.has(position)) continue;
      const where = `queue ${id}, position ${position}`;
      if (gone === null && this.isDurable(came)) return `${where}: it is lost`;
      if (gone === null) evidence.add(came, false, where);
      else if (!this.isDurable(gone) && this.isDurable(came)) evidence.add(gone, true, where);
    }
    if ((found.next.get(id) ?? 0) <= before) return `queue ${id} would give out position ${before} again`;
    return null;
  }
}

/** Whether changes are there, as far as single places tell. */
class Evidence {
  readonly #there = new Map<Change, string>();
  readonly #missing = new Map<Change, string>();

  add(change: Change, isThere: boolean, where: string): void {
    (isThere ? this.#there : this.#missing).set(change, where);
  }

  contradiction(): string | null {
    for (const [change, where] of this.#there) {
      const missing = this.#missing.get(change);
      if (missing !== undefined) return `a batch is there in part: by ${where}, but not by ${missing}`;
    }
    return null;
  }
}
