/**
 * What an exchange type is: a collection of bindings that finds those which a message matches.
 * What must hold: `match` works in time linear in what was bound, times the words of the key; it reports a binding at
 * most once, in an order that depends on nothing but the history of `add` and `remove`.
 */
import type { FieldTable } from '../../amqp/table.js';

/** The part of a binding that routing looks at. A binding is known by its identity: the same object is added and removed. */
export interface Bound {
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

export interface Router<B extends Bound> {
  add(binding: B): void;
  remove(binding: B): void;
  /** Reports each binding that the message matches. `headers` is null when it has none. */
  match(routingKey: string, headers: FieldTable | null, found: (binding: B) => void): void;
}
