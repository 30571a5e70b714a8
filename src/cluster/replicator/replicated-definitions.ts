/**
 * A leader's definitions: each transaction is a record of the stream first, and then one of the local store. What must
 * hold: what is said to be changed stands in the stream; where it cannot be written here then, this node leads no more,
 * since it would serve from what is not so.
 */
import { encodeChanges } from '../../store/definition-changes.js';
import type { Definition, DefinitionChange, DefinitionKind, Definitions } from '../../store/definitions.js';
import type { Replicator } from './replicator.js';

type Local = Pick<Definitions, 'list' | 'change' | 'takeQueueId' | 'nextQueueId'>;

export class ReplicatedDefinitions {
  readonly #local: Local;
  readonly #replicator: Pick<Replicator, 'define' | 'defined' | 'followedWith' | 'fail'>;

  constructor(local: Local, replicator: Pick<Replicator, 'define' | 'defined' | 'followedWith' | 'fail'>) {
    this.#local = local;
    this.#replicator = replicator;
  }

  list<K extends DefinitionKind>(kind: K): Definition<K>[] {
    return this.#local.list(kind);
  }

  takeQueueId(): number {
    return this.#local.takeQueueId();
  }

  /** One at a time. Rejects when this node does not lead any more: the changes may be there all the same, or not. */
  async change(changes: readonly DefinitionChange[]): Promise<void> {
    const { nextQueueId } = this.#local;
    const sequence = await this.#replicator.define(encodeChanges({ changes, nextQueueId }));
    try {
      await this.#local.change(changes, this.#replicator.followedWith(sequence) ?? undefined);
    } catch (error) {
      this.#replicator.fail(error as Error);
      throw error;
    }
    this.#replicator.defined(sequence);
  }
}
