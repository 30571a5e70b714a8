/**
 * What goes out to the workers, and what must wait: a queue whose messages are logged is not shown before its
 * definition is durable, or a message in it could be confirmed and have no queue after a crash. All else goes out at
 * once. What must hold: workers come to the coordinator's view; no change of a hidden queue goes out before the queue
 * itself.
 */
import { endsOf } from '../definitions/definition-records.js';
import type { Change, QueueSettings } from '../requests/requests.js';
import type { QueueEntry } from '../topology/topology-entries.js';
import type { TopologyView } from '../topology/topology-view.js';

type DelayedQueueOpened = Extract<Change, { kind: 'delayed.opened' }>;
type QueueDeclared = Extract<Change, { kind: 'queue.declared' }>;

export class TopologyFeed {
  readonly #view: TopologyView;
  readonly #post: (changes: readonly Change[]) => void;
  /** Queues that are not shown yet, by vhost and name. */
  readonly #hidden = new Map<string, QueueDeclared>();

  constructor(view: TopologyView, post: (changes: readonly Change[]) => void) {
    this.#view = view;
    this.#post = post;
  }

  /** The changes that may go out. */
  visible(changes: readonly Change[]): Change[] {
    return changes.filter((change) => !this.#hides(change));
  }

  /** The definition of a queue is durable: shows the queue as it is by now, with its bindings, if it still is. */
  show(declared: QueueDeclared): void {
    const name = nameOf(declared);
    // Another queue may have the name by now, and even the memory.
    if (this.#hidden.get(name) !== declared) return;
    this.#hidden.delete(name);
    const queue = this.#view.queue(declared.vhost, declared.queue);
    if (queue === undefined) return;
    this.#post([{ ...declared, settings: settingsOf(queue), isPaused: queue.isPaused }, ...bindingsOf(queue)]);
  }

  /** The number of an exchange's hidden queue is durable: shows it, if the exchange still is. */
  showDelayedQueue(change: DelayedQueueOpened): void {
    if (this.#view.exchangeByDelayedQueue(change.ref) !== undefined) this.#post([change]);
  }

  #hides(change: Change): boolean {
    switch (change.kind) {
      case 'delayed.opened':
        return true;
      case 'queue.declared':
        if (change.logId === 0) return false;
        this.#hidden.set(nameOf(change), change);
        return true;
      case 'queue.deleted':
        return this.#hidden.delete(nameOf(change));
      case 'queue.changed':
      case 'queue.paused':
        return this.#hidden.has(nameOf(change));
      case 'bound':
      case 'unbound':
        if (change.destinationKind === 'exchange') return false;
        return this.#hidden.has(nameOf({ vhost: change.vhost, queue: change.destination }));
      default:
        return false;
    }
  }
}

function nameOf({ vhost, queue }: { readonly vhost: string; readonly queue: string }): string {
  return JSON.stringify([vhost, queue]);
}

function settingsOf(queue: QueueEntry): QueueSettings {
  const { deadLetterExchange, deadLetterRoutingKey, keepsDeadLetters, consumerTimeout } = queue;
  return { deadLetterExchange, deadLetterRoutingKey, keepsDeadLetters, consumerTimeout };
}

function bindingsOf(queue: QueueEntry): Change[] {
  return [...queue.incoming].map((binding) => ({ kind: 'bound', ...endsOf(binding) }));
}
