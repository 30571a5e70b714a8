/**
 * A walk over the messages of a queue that are ready, in the order in which they will be given out: in memory by the
 * core's copies, what is elsewhere by the broker thread's. What must hold: a step does a bounded portion; between two
 * steps nothing is held, and the queue is found anew; a queue that takes another one's name is not looked at.
 */
import { setTimeout } from 'node:timers/promises';
import type { QueueEntry } from '../../broker/topology/topology-entries.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import type { BrowsedMessage } from '../../engine/browsing.js';
import type { Engine } from '../../engine/engine.js';
import type { SpilledPortion, SpilledWish } from '../../queues/spill/spilled-browsing.js';
import type { Cursor } from './cursor.js';

/** What a walk needs of the broker. */
export interface Walked {
  readonly view: Pick<TopologyView, 'queue'>;
  readonly engine: Pick<Engine, 'extentOf' | 'priorityOf' | 'browse'>;
  /** Messages that are not in memory. */
  spilled(wish: SpilledWish): Promise<SpilledPortion>;
}

/** Places that one step looks at: less than a millisecond. */
export const STEP = 256;
/** Messages on their way in or out, and memory: how long until they are asked for again, and how often (ms). */
const PAUSE_MS = 10;
const PAUSES = 100;

export interface WalkStep {
  readonly messages: readonly BrowsedMessage[];
  /** Where it goes on. */
  readonly next: Cursor;
  /** end: there is no more. stuck: what is next cannot be seen now. gone: the queue is no more. */
  readonly state: 'more' | 'end' | 'stuck' | 'gone';
}

export class QueueWalk {
  readonly #broker: Walked;
  readonly #vhost: string;
  readonly #name: string;
  readonly #id: QueueEntry['id'];

  constructor(broker: Walked, { vhost, name, id }: Pick<QueueEntry, 'vhost' | 'name' | 'id'>) {
    this.#broker = broker;
    this.#vhost = vhost;
    this.#name = name;
    this.#id = id;
  }

  /** Where the first message stands: in the highest priority. */
  begin(): Cursor {
    const queue = this.#queue();
    const priorities = queue === null ? 1 : this.#broker.engine.extentOf(queue.ref).length / 2;
    return { priority: priorities - 1, position: null };
  }

  /** The messages from a cursor on, of each up to `bodyMost` octets of its body. */
  async step(cursor: Cursor, bodyMost: number): Promise<WalkStep> {
    for (let pauses = 0; ; pauses++) {
      const step = await this.#look(cursor, bodyMost);
      if (step !== null) return step;
      if (pauses === PAUSES) return { messages: [], next: cursor, state: 'stuck' };
      await setTimeout(PAUSE_MS);
    }
  }

  /** Null: not now. */
  async #look(cursor: Cursor, bodyMost: number): Promise<WalkStep | null> {
    const gone: WalkStep = { messages: [], next: cursor, state: 'gone' };
    const queue = this.#queue();
    if (queue === null) return gone;
    const { engine } = this.#broker;
    const { priority, position } = cursor;
    const one = engine.priorityOf(queue.ref, priority, false);
    if (one === 0) return { messages: [], ...this.#lower(cursor) };
    const { messages, next, stop } = engine.browse(one, position, STEP, bodyMost);
    if (stop === 'end') return { messages, ...this.#lower({ priority, position: next }) };
    if (stop === 'more' || messages.length > 0) return { messages, next: { priority, position: next }, state: 'more' };
    if (stop === 'short') return null;
    const portion = await this.#broker.spilled({ queue: queue.ref, priority, from: next, most: STEP, bodyMost });
    // What was asked for is this queue's only if it has been there all the time.
    if (this.#queue() === null) return gone;
    if (portion.kind !== 'spilled') return null;
    return { messages: portion.messages, next: { priority, position: portion.next }, state: 'more' };
  }

  /** Where it goes on behind the last message of a priority. */
  #lower({ priority, position }: Cursor): Pick<WalkStep, 'next' | 'state'> {
    if (priority === 0) return { next: { priority, position }, state: 'end' };
    return { next: { priority: priority - 1, position: null }, state: 'more' };
  }

  #queue(): QueueEntry | null {
    const queue = this.#broker.view.queue(this.#vhost, this.#name);
    return queue?.id === this.#id ? queue : null;
  }
}
