/**
 * Modulus hash: the routing key's hash, modulo how many bindings there are, picks one of them, whatever their own keys
 * are. As in RabbitMQ's sharding plugin the bindings stand in the order of their destinations' names: a key goes the
 * same way after a restart, too.
 */

import type { Bound, Routable, Router } from './router.js';
import { textHash } from './text-hash.js';

export class ModulusHashRouter<B extends Bound> implements Router<B> {
  /** In order of name, then of key. */
  readonly #bindings: B[] = [];

  add(binding: B): void {
    this.#bindings.splice(this.#placeOf(binding), 0, binding);
  }

  remove(binding: B): void {
    // Those that are equal in order stand side by side: bindings that differ in their arguments.
    for (let place = this.#placeOf(binding); place < this.#bindings.length; place++) {
      if (this.#bindings[place] !== binding) continue;
      this.#bindings.splice(place, 1);
      return;
    }
  }

  match({ keys }: Routable, found: (binding: B) => void): void {
    const chosen = this.#bindings[textHash(keys[0] ?? '') % this.#bindings.length];
    if (chosen !== undefined) found(chosen);
  }

  /** The place of the first binding that does not come before this one. */
  #placeOf(binding: B): number {
    let low = 0;
    let high = this.#bindings.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#bindings[middle];
      if (other !== undefined && comesBefore(other, binding)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function comesBefore(one: Bound, other: Bound): boolean {
  const [name = '', otherName = ''] = [one.destination.name, other.destination.name];
  return name === otherName ? one.routingKey < other.routingKey : name < otherName;
}
