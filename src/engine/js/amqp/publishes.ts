/**
 * Whole messages on their way into queues: gathered to a run as long as they take the same route, so that each queue is
 * locked once for many. What must hold: a page for each queue is ensured before a message joins, so a flush cannot
 * fail.
 */
import { PAGES_AHEAD, RUN_MAX } from '../../../numbers/core.js';
import { ExchangeCounter } from '../../engine.js';
import type { Counters } from '../memory/counters.js';
import { MessageFlag } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Messages } from '../memory/messages.js';
import { inspect } from '../memory/properties.js';
import { at32 } from '../memory/views.js';
import type { Queues } from '../queues/queues.js';
import type { Route } from './routes.js';
import type { Work } from './work.js';

const NO_QUEUES: readonly number[] = [];

export class Publishes {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #queues: Queues;
  readonly #work: Work;
  readonly #counters: Counters;
  readonly #run = new Uint32Array(RUN_MAX);
  #count = 0;
  #route: Route | null = null;
  /** Whether messages of the run may expire by themselves. */
  #expires = false;

  constructor(memory: Memory, messages: Messages, queues: Queues, work: Work, counters: Counters) {
    this.#counters = counters;
    this.#work = work;
    this.#memory = memory;
    this.#messages = messages;
    this.#queues = queues;
  }

  /** Makes sure that one more message of a route can be added; false when there is no memory. */
  prepare(route: Route): boolean {
    if (this.#route !== route || this.#count === RUN_MAX) this.flush();
    return this.#memory.ensurePages(route.queues.length);
  }

  /** After `prepare` of the same route. */
  add(route: Route, message: number, expires: boolean): void {
    this.#route = route;
    this.#run[this.#count++] = message;
    this.#work.count(route.queues.length);
    if (expires) this.#expires = true;
  }

  flush(): void {
    const route = this.#route;
    if (route === null) return;
    this.#route = null;
    const count = this.#count;
    const expires = this.#expires;
    this.#count = 0;
    this.#expires = false;
    this.countRouted(route, count);
    if (route.queues.length > 1) {
      for (let i = 0; i < count; i++) this.#messages.retain(at32(this.#run, i), route.queues.length - 1);
    }
    for (const queue of route.queues) this.#queues.publish(queue, this.#run, count, expires);
  }

  /** Counts messages that take a route, for their exchange. */
  countRouted({ counters, queues }: Route, count: number): void {
    this.#counters.countInBlock(counters, ExchangeCounter.PUBLISHED_IN, count);
    if (queues.length > 0) this.#counters.countInBlock(counters, ExchangeCounter.PUBLISHED_OUT, count * queues.length);
  }

  /** Makes sure that one message can go to so many queues by itself; false when there is no memory. */
  prepareOne(count: number): boolean {
    return this.#memory.ensurePages(Math.min(count, PAGES_AHEAD));
  }

  /**
   * One message by itself, after `prepareOne`: that the host routed, or to queues that look at each. Takes the caller's
   * reference. Returns the queues that refused it.
   */
  publishOne(message: number, queues: readonly number[]): readonly number[] {
    this.flush();
    this.#work.countGuarded(queues.length);
    const expires = (this.#messages.flags(message) & MessageFlag.EXPIRES) !== 0;
    let refused = NO_QUEUES;
    this.#messages.retain(message, queues.length);
    this.#run[0] = message;
    for (const queue of queues) {
      if (this.#memory.ensurePages(1)) {
        if (!this.#queues.offer(queue, this.#run, expires)) refused = [...refused, queue];
        continue;
      }
      // A message that goes to more queues than pages were taken ahead for may find no memory any more: the queues that
      // are left refuse it.
      this.#messages.release(message);
      refused = [...refused, queue];
    }
    this.#messages.release(message);
    return refused;
  }

  /**
   * A copy of a message to queues, with a key and a header of its own. Returns the queues that refused it; null when
   * there is no memory.
   */
  republish(message: number, key: Uint8Array, header: Uint8Array, queues: readonly number[]): readonly number[] | null {
    if (!this.prepareOne(queues.length)) return null;
    const copy = this.#messages.rewrite(message, key, header, inspect(header, 0, header.length));
    return copy === 0 ? null : this.publishOne(copy, queues);
  }

  /** The same with a body from elsewhere. */
  compose(key: Uint8Array, header: Uint8Array, body: Uint8Array, queues: readonly number[]): readonly number[] | null {
    if (!this.prepareOne(queues.length)) return null;
    const message = this.#messages.compose(key, header, body, inspect(header, 0, header.length) & ~MessageFlag.ASK);
    return message === 0 ? null : this.publishOne(message, queues);
  }
}
