/** Fanout: every binding matches every message. */
import type { Bound, Routable, Router } from './router.js';

export class FanoutRouter<B extends Bound> implements Router<B> {
  readonly #bindings = new Set<B>();

  add(binding: B): void {
    this.#bindings.add(binding);
  }

  remove(binding: B): void {
    this.#bindings.delete(binding);
  }

  match(_message: Routable, found: (binding: B) => void): void {
    for (const binding of this.#bindings) found(binding);
  }
}
