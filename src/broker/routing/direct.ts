/** Direct: a binding matches messages with exactly its routing key. */
import type { FieldTable } from '../../amqp/table.js';
import type { Bound, Router } from './router.js';

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

  match(routingKey: string, _headers: FieldTable | null, found: (binding: B) => void): void {
    const same = this.#byKey.get(routingKey);
    if (same === undefined) return;
    for (const binding of same) found(binding);
  }
}
