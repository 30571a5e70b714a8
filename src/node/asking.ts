/**
 * Questions to the broker thread, by whoever asks over a port: the handle of the program that embeds it, and the
 * management. What must hold: each question gets a number of its own, and is settled once, by its answer or by the end.
 */
import { type Administration, type AdministrationRequest, type Ask, remoteAdministration } from './administration.js';
import type { Outcome } from './broker-messages.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Asking {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** `send` gives the question to the port, with its number; what it throws rejects. */
  ask<T>(send: (id: number) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      send(this.#lastId);
      this.#waiting.set(this.#lastId, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  onAnswer({ id, outcome }: { readonly id: number; readonly outcome: Outcome }): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (outcome.ok) waiting?.resolve(outcome.value);
    else waiting?.reject(new Error(outcome.error.message));
  }

  /** There will be no answers any more. */
  refuseAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /** The administration, asked by `send`. */
  administration(send: (id: number, request: AdministrationRequest) => void): Administration {
    const ask: Ask = (op, ...args) => {
      // The compiler does not follow an operation from its name to its arguments and its answer.
      const request = { op, args } as unknown as AdministrationRequest;
      return this.ask((id) => send(id, request));
    };
    return remoteAdministration(ask);
  }
}
