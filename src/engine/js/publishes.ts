/**
 * Whole messages on their way into queues: gathered to a run as long as they take the same route, so that each queue
 * is locked once for many. What must hold: a page for each queue is ensured before a message joins, so a flush cannot fail.
 */
import type { Memory } from './memory.js';
import type { Messages } from './messages.js';
import type { Queues } from './queues.js';
import type { Route } from './routes.js';
import { at32 } from './views.js';

const RUN_MAX = 256;

export class Publishes {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #queues: Queues;
  readonly #run = new Uint32Array(RUN_MAX);
  #count = 0;
  #route: Route | null = null;

  constructor(memory: Memory, messages: Messages, queues: Queues) {
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
  add(route: Route, message: number): void {
    this.#route = route;
    this.#run[this.#count++] = message;
  }

  flush(): void {
    const route = this.#route;
    if (route === null) return;
    this.#route = null;
    const count = this.#count;
    this.#count = 0;
    if (route.queues.length > 1) {
      for (let i = 0; i < count; i++) this.#messages.retain(at32(this.#run, i), route.queues.length - 1);
    }
    for (const queue of route.queues) this.#queues.publish(queue, this.#run, count);
  }

  /** One message that the host routed. Takes the caller's reference. */
  publishOne(message: number, queues: readonly number[]): void {
    this.flush();
    this.#messages.retain(message, queues.length);
    this.#run[0] = message;
    for (const queue of queues) {
      if (!this.#memory.ensurePages(1)) throw new Error('no page is left for a message that the host routed');
      this.#queues.publish(queue, this.#run, 1);
    }
    this.#messages.release(message);
  }
}
