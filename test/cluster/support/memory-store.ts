/** A store in memory, for tests: all is durable a while after it was given. */

import type { Portion, ReplicaStore } from '../../../src/cluster/protocol/replica-store.js';
import { CHAIN_START, type ChainPosition } from '../../../src/cluster/records/link.js';
import type { Clock } from '../../../src/platform/clock.js';

export class MemoryStore implements ReplicaStore {
  position: ChainPosition = CHAIN_START;
  /** What was given, durable or not. */
  readonly portions: Portion[] = [];
  /** ms; infinite: nothing becomes durable. */
  delay = 1;
  onChange: () => void = () => {};
  #onApplied: (sequence: number) => void = () => {};

  constructor(private readonly clock: Clock) {}

  apply(portion: Portion): void {
    this.portions.push(portion);
    if (this.delay < Number.POSITIVE_INFINITY) this.clock.after(this.delay, () => this.settle(portion.position));
  }

  settle(position: ChainPosition): void {
    if (position.sequence <= this.position.sequence) return;
    this.position = position;
    this.#onApplied(position.sequence);
    this.onChange();
  }

  onApplied(listener: (sequence: number) => void): void {
    this.#onApplied = listener;
  }
}
