/**
 * What the coordinator tells of: who acts, and whether anybody hears it. What must hold: nothing is made of an event
 * that nobody hears; an event is told before the answer to whoever made it happen.
 */

import type { FieldTable, FieldValue } from '../../amqp/table.js';
import type { TopologyView } from '../topology/topology-view.js';
import { type BrokerEvent, eventOf, INTERNAL_USER, isHeard } from './event.js';
import { text } from './event-values.js';

/** The headers of an event but for who made it happen, by name. */
export type Told = readonly (readonly [name: string, value: FieldValue])[];

export class Announcements {
  readonly #view: TopologyView;
  readonly #send: (event: BrokerEvent) => void;
  /** Says who acts now. */
  #actor: () => string | null = nobody;

  constructor(view: TopologyView, send: (event: BrokerEvent) => void) {
    this.#view = view;
    this.#send = send;
  }

  get isHeard(): boolean {
    return isHeard(this.#view);
  }

  /** Who acts now; null: the broker by itself. */
  get actor(): string | null {
    return this.#actor();
  }

  /** Does something on behalf of somebody; null: the broker by itself. `actor` is called when there is an event. */
  onBehalfOf<T>(actor: () => string | null, work: () => T): T {
    const before = this.#actor;
    this.#actor = actor;
    try {
      return work();
    } finally {
      this.#actor = before;
    }
  }

  /** What is done later on behalf of whoever acts now. */
  bound<A extends readonly unknown[], R>(work: (...args: A) => R): (...args: A) => R {
    const { actor } = this;
    return (...args) =>
      this.onBehalfOf(
        () => actor,
        () => work(...args),
      );
  }

  /** Tells of what nobody does. */
  tellPlainly(name: string, told: Told): void {
    if (this.isHeard) this.#send(eventOf(name, new Map(told)));
  }

  /** Tells of something; to be called where somebody hears it. */
  tell(name: string, told: Told): void {
    const headers: FieldTable = new Map([...told, ['user_who_performed_action', text(this.actor ?? INTERNAL_USER)]]);
    this.#send(eventOf(name, headers));
  }
}

function nobody(): null {
  return null;
}
