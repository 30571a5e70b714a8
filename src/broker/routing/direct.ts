/** Direct: a binding matches messages with exactly its routing key. */
import type { Bound, Routable, Router } from './router.js';

export class DirectRouter<B extends Bound> implements Router<B> {
  readonly #byKey = new Map<string, Set<B>>();

  add(binding: B): void {
    const same = this.#byKey.get(binding.routingKey);
    if (same === undefined) this.#byKey.set(binding.routingKey, new Set([binding]));
    else same.add(binding);
  }

  remove(binding: B): void {
    const same = this.#byKey.get(binding.routingKey);
    if (same === undefined) return;
    same.delete(binding);
    if (same.size === 0) this.#byKey.delete(binding.routingKey);
  }

  match({ keys }: Routable, found: (binding: B) => void): void {
    for (const key of keys) {
      for (const binding of this.#byKey.get(key) ?? []) found(binding);
    }
  }
}
