/**
 * A leader's definitions: each transaction is a record of the stream first, and then one of the local store. What must
 * hold: what is said to be changed stands in the stream; where it cannot be written here then, this node leads no more,
 * since it would serve from what is not so.
 */
import { encodeChanges } from '../../store/definition-changes.js';
import type { Definition, DefinitionChange, DefinitionKind, Definitions } from '../../store/definitions.js';
import type { LedNode } from './led-node.js';

type Local = Pick<Definitions, 'list' | 'change' | 'takeQueueId' | 'nextQueueId'>;

export class ReplicatedDefinitions {
  readonly #local: Local;
  readonly #node: Pick<LedNode, 'define' | 'defined' | 'fail'>;

  constructor(local: Local, node: Pick<LedNode, 'define' | 'defined' | 'fail'>) {
    this.#local = local;
    this.#node = node;
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
    const { sequence, followed } = await this.#node.define(encodeChanges({ changes, nextQueueId }));
    try {
      await this.#local.change(changes, followed ?? undefined);
    } catch (error) {
      this.#node.fail(error as Error);
      throw error;
    }
    this.#node.defined(sequence);
  }
}
