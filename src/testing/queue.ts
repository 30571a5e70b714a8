/** A queue as a test waits for it. Every wait has a limit, and says what was there instead when that is over. */
import type { QueueOutcome, QueueState, QueueWish, TestRequest } from '../node/testing/test-requests.js';

export type { QueueState };

/** How long a wait may take if nothing is said (ms): less than runners give a test. */
export const WAIT_MS = 4_000;

/** Asks the broker something for a test. */
export type AskBroker = <T>(request: TestRequest) => Promise<T>;

export class TestQueue {
  readonly #ask: AskBroker;
  readonly vhost: string;
  readonly name: string;

  constructor(ask: AskBroker, vhost: string, name: string) {
    this.#ask = ask;
    this.vhost = vhost;
    this.name = name;
  }

  /** Resolves when all its messages have been taken and acknowledged. `limit` in ms. */
  drained(limit = WAIT_MS): Promise<void> {
    return this.#await({ ready: 0, unacknowledged: 0 }, 'to be drained', limit);
  }

  /** Resolves when exactly so many messages wait in it for a consumer. `limit` in ms. */
  hasMessages(count: number, limit = WAIT_MS): Promise<void> {
    return this.#await({ ready: count }, `to have ${counted(count, 'ready message')}`, limit);
  }

  /** Resolves when exactly so many consumers are there. `limit` in ms. */
  hasConsumers(count: number, limit = WAIT_MS): Promise<void> {
    return this.#await({ consumers: count }, `to have ${counted(count, 'consumer')}`, limit);
  }

  /** How it stands; null: there is none of that name. */
  async state(): Promise<QueueState | null> {
    return (await this.#outcome({}, 0)).state;
  }

  #outcome(wish: QueueWish, limit: number): Promise<QueueOutcome> {
    return this.#ask<QueueOutcome>({ op: 'await queue', vhost: this.vhost, queue: this.name, wish, limit });
  }

  async #await(wish: QueueWish, what: string, limit: number): Promise<void> {
    const { isMet, state, queues } = await this.#outcome(wish, limit);
    if (isMet) return;
    throw new Error(`waited ${limit} ms for queue '${this.name}' ${what}; ${seen(state, queues)}`);
  }
}

function seen(state: QueueState | null, queues: readonly string[]): string {
  if (state !== null)
    return `there were ${state.ready} ready, ${state.unacknowledged} unacknowledged and ${counted(state.consumers, 'consumer')}`;
  const others = queues.length === 0 ? 'no queues in its vhost' : queues.map((name) => `'${name}'`).join(', ');
  return `there is no such queue, but ${others}`;
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
