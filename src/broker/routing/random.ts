/** Random: each message goes to one of the bindings, whatever their keys; all are equally likely. */
import type { Bound, Routable, Router } from './router.js';

export class RandomRouter<B extends Bound> implements Router<B> {
  readonly #bindings: B[] = [];

  add(binding: B): void {
    this.#bindings.push(binding);
  }

  remove(binding: B): void {
    const index = this.#bindings.indexOf(binding);
    if (index !== -1) this.#bindings.splice(index, 1);
  }

  match(_message: Routable, found: (binding: B) => void): void {
    const chosen = this.#bindings[Math.floor(Math.random() * this.#bindings.length)];
    if (chosen !== undefined) found(chosen);
  }
}
