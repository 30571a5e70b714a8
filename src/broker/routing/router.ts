/**
 * This folder is the exchange types, a file each; the topology and decisions may import it, and so may what sends
 * messages on.
 *
 * What an exchange type is: a collection of bindings that finds those which a message matches.
 * What must hold: `match` works in time linear in what was bound, times the words of the key; it reports a binding at
 * most once for each key, in an order that depends on nothing but the history of `add` and `remove`.
 */
import type { Properties } from '../../amqp/properties.js';
import type { FieldTable } from '../../amqp/table.js';

/**
 * The part of a binding that routing looks at. A binding is known by its identity: the same object is added and
 * removed.
 */
export interface Bound {
  /** Where it leads, known by its identity. */
  readonly destination: { readonly name?: string };
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** What a binding leads to, as far as an exchange may refuse to be bound to it. */
export interface End {
  readonly kind: 'queue' | 'exchange';
  readonly arguments: FieldTable;
}

/** What routing looks at in a message. */
export interface Routable {
  /** Its routing key, then those that CC and BCC add. */
  readonly keys: readonly string[];
  readonly properties: Properties;
}

export interface Router<B extends Bound> {
  add(binding: B): void;
  remove(binding: B): void;
  /** Reports the bindings that the message takes. */
  match(message: Routable, found: (binding: B) => void): void;
}
