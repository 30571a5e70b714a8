/** Random: each message goes to one of the bindings, whatever their keys; all are equally likely. */
import type { Bound, Routable, Router } from './router.js';

export class RandomRouter<B extends Bound> implements Router<B> {
  readonly #bindings: B[] = [];
  readonly #places = new Map<B, number>();

  add(binding: B): void {
    this.#places.set(binding, this.#bindings.length);
    this.#bindings.push(binding);
  }

  /** The last one takes its place: the order does not matter. */
  remove(binding: B): void {
    const place = this.#places.get(binding);
    if (place === undefined) return;
    this.#places.delete(binding);
    const last = this.#bindings.pop();
    if (last === undefined || last === binding) return;
    this.#bindings[place] = last;
    this.#places.set(last, place);
  }

  match(_message: Routable, found: (binding: B) => void): void {
    const chosen = this.#bindings[Math.floor(Math.random() * this.#bindings.length)];
    if (chosen !== undefined) found(chosen);
  }
}
