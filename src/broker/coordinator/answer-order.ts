/**
 * What each connection is told, in order: an answer that waits holds up what comes after it on its connection, and on
 * no other. What must hold: connections for which nothing waits are answered at once.
 */
import { fatal } from '../../platform/fatal.js';
import type { Answer, ConnectionId } from '../requests/requests.js';

/** Who waits, and what ends that. */
interface Stay {
  readonly channel: number;
  readonly release: () => void;
}

export class AnswerOrder {
  /** The last answer that waits, by connection. */
  readonly #waiting = new Map<ConnectionId, Promise<Answer>>();

  /** Those that have left and are still to be answered; and who is to be told when one leaves, or a channel of it. */
  readonly #left = new Set<ConnectionId>();
  readonly #stays = new Map<ConnectionId, Set<Stay>>();

  /** The answer, in the order of the requests. A promise must not reject. */
  answer(connection: ConnectionId, answer: Answer | Promise<Answer>): Answer | Promise<Answer> {
    const before = this.#waiting.get(connection);
    if (before === undefined && !(answer instanceof Promise)) return answer;
    const inOrder = Promise.resolve(before).then(() => answer);
    this.#waiting.set(connection, inOrder);
    inOrder
      .then(() => {
        if (this.#waiting.get(connection) === inOrder) this.#waiting.delete(connection);
      })
      .catch(fatal);
    return inOrder;
  }

  /** Does something after all answers that the connection is to get. */
  after(connection: ConnectionId, work: () => void): void {
    const before = this.#waiting.get(connection);
    if (before === undefined) work();
    else before.then(work).catch(fatal);
  }

  /** The connection leaves: it gives up what it has asked for, and what waits for it alone need not go on. */
  leave(connection: ConnectionId): void {
    this.#left.add(connection);
    for (const { release } of this.#stays.get(connection) ?? []) release();
    this.#stays.delete(connection);
  }

  /** A channel ends, and what waits for it alone need not go on. */
  leaveChannel(connection: ConnectionId, channel: number): void {
    for (const stay of this.#stays.get(connection) ?? []) if (stay.channel === channel) stay.release();
  }

  /** It has left, and is forgotten when all of its answers are given. */
  forget(connection: ConnectionId): void {
    this.after(connection, () => this.#left.delete(connection));
  }

  /** Resolves with `work`, which may take for ever, or when the connection or its channel leaves. */
  unlessLeft(connection: ConnectionId, channel: number, work: Promise<void>): Promise<void> {
    if (this.#left.has(connection)) return Promise.resolve();
    return new Promise((resolve) => {
      const stays = this.#stays.get(connection) ?? new Set();
      const stay: Stay = {
        channel,
        release: () => {
          stays.delete(stay);
          if (stays.size === 0 && this.#stays.get(connection) === stays) this.#stays.delete(connection);
          resolve();
        },
      };
      this.#stays.set(connection, stays.add(stay));
      work.then(stay.release).catch(fatal);
    });
  }
}
