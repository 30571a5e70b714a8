/**
 * What a node's protocol applies to: its replica while it follows, and what its participants write while it leads. What
 * must hold: nothing is lost between the two: what comes while the one is ended and the other is not yet there waits.
 */
import type { Portion, ReplicaStore } from '../protocol/replica-store.js';
import type { ChainPosition } from '../records/link.js';
import type { LedFiles } from './led-files.js';
import type { Following } from './led-node.js';

export class NodeStore implements ReplicaStore {
  /** Null: between the two. */
  #current: ReplicaStore | null;
  readonly #replica: Following;
  #left: Promise<void> | null = null;
  #position: ChainPosition;
  #waiting: Portion[] = [];
  #onApplied: (sequence: number) => void = () => undefined;

  constructor(replica: Following) {
    this.#replica = replica;
    this.#current = replica;
    this.#position = replica.position;
    replica.onApplied((sequence) => this.#applied(sequence));
  }

  get position(): ChainPosition {
    return this.#current?.position ?? this.#position;
  }

  onApplied(listener: (sequence: number) => void): void {
    this.#onApplied = listener;
  }

  apply(portion: Portion): void {
    if (this.#current === null) this.#waiting.push(portion);
    else this.#current.apply(portion);
  }

  /** Ends the replica, so that the directory can be recovered. Later calls get the same end. */
  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.#current = null;
    await this.#replica.close();
    this.#position = this.#replica.position;
  }

  /** What participants write from now on. */
  lead(files: LedFiles): void {
    this.#current = files;
    files.onApplied((sequence) => this.#applied(sequence));
    for (const portion of this.#waiting.splice(0)) files.apply(portion);
  }

  #applied(sequence: number): void {
    this.#onApplied(sequence);
  }
}
