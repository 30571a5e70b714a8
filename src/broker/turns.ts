/**
 * What each connection is told, in order: an answer that waits holds up what comes after it on its connection, and on no
 * other. What must hold: connections for which nothing waits are answered at once.
 */
import type { Answer, ConnectionId } from './requests.js';

export class Turns {
  /** The last answer that waits, by connection. */
  readonly #waiting = new Map<ConnectionId, Promise<Answer>>();

  /** The answer in its turn. A promise must not reject. */
  answer(connection: ConnectionId, answer: Answer | Promise<Answer>): Answer | Promise<Answer> {
    const before = this.#waiting.get(connection);
    if (before === undefined && !(answer instanceof Promise)) return answer;
    const inTurn = Promise.resolve(before).then(() => answer);
    this.#waiting.set(connection, inTurn);
    void inTurn.then(() => {
      if (this.#waiting.get(connection) === inTurn) this.#waiting.delete(connection);
    });
    return inTurn;
  }

  /** Does something after all answers that the connection is to get. */
  after(connection: ConnectionId, work: () => void): void {
    const before = this.#waiting.get(connection);
    if (before === undefined) work();
    else void before.then(work);
  }
}
