/**
 * A worker's end of what tests ask of the broker: to let happen what is due, to do something wrong on purpose, to tell
 * what clients hold, and of passes in which something may have changed. What must hold: each question is answered once;
 * where nothing was asked none of this is there.
 */
import type { ConnectionId } from '../broker/requests/requests.js';
import type { Connection } from '../connection/connection.js';
import { type FaultSettings, Faults, type PublishedMessage } from '../connection/faults/faults.js';
import type { LostNetwork } from '../connection/faults/lost-network.js';

/** What a test asks of each worker. */
export type TestQuestion =
  /** Let happen what is due; the answer is whether nothing was. */
  | { readonly op: 'settle' }
  /** Do this wrong from now on. */
  | { readonly op: 'faults'; readonly settings: FaultSettings }
  /** Lose the network of a connection, or have it back; the answer is whether it is here. */
  | { readonly op: 'network'; readonly connection: ConnectionId; readonly isLost: boolean }
  /** The answer is what clients hold: `HeldByClient[]`. */
  | { readonly op: 'held' }
  /** Answered with the number of passes, when there were more than so many. */
  | { readonly op: 'passes'; readonly seen: number };

/** Deliveries of a client that are not acknowledged. */
export interface HeldByClient {
  readonly vhost: string;
  /** Null: it is gone. */
  readonly queue: string | null;
  /** Null: they were got by basic.get, or their consumer was cancelled. */
  readonly consumerTag: string | null;
  readonly connection: ConnectionId;
  /** As operators see it. */
  readonly connectionName: string;
  readonly count: number;
}

/** A worker, as these need it. */
export interface HookedWorker {
  readonly connections: ReadonlyMap<ConnectionId, Connection>;
  readonly memory: Uint8Array;
  settle(): boolean;
  setFaults(faults: Faults): void;
  queueName(queue: number): string | null;
  /** How far a test has moved the clock; 0: no test moves it. */
  elapsed(): number;
  answer(round: number, value: unknown): void;
  published(message: PublishedMessage): void;
}

interface Lost {
  readonly network: LostNetwork;
  /** By the clock of messages. */
  readonly since: number;
}

export class TestHooks {
  readonly #worker: HookedWorker;
  readonly #lost = new Map<ConnectionId, Lost>();
  #passes = 0;
  /** Who waits for another pass. */
  #watching: number[] = [];

  constructor(worker: HookedWorker) {
    this.#worker = worker;
  }

  ask(round: number, question: TestQuestion): void {
    const worker = this.#worker;
    switch (question.op) {
      case 'settle': {
        const isQuiet = worker.settle();
        // The pass that is due writes what came of it.
        setImmediate(() => worker.answer(round, isQuiet));
        break;
      }
      case 'faults':
        worker.setFaults(new Faults(question.settings, (message) => worker.published(message)));
        worker.answer(round, true);
        break;
      case 'network':
        worker.answer(round, this.#switchNetwork(question.connection, question.isLost));
        break;
      case 'held':
        worker.answer(round, this.#held());
        break;
      case 'passes':
        if (this.#passes > question.seen) worker.answer(round, this.#passes);
        else this.#watching.push(round);
        break;
      default:
        question satisfies never;
    }
  }

  /** A pass is almost over. */
  passed(): void {
    this.#passes += 1;
    if (this.#watching.length > 0) setImmediate(() => this.#tellPasses());
  }

  #tellPasses(): void {
    for (const round of this.#watching.splice(0)) this.#worker.answer(round, this.#passes);
  }

  /** How much later it is for a connection than by the machine's clock (ms): one that is lost goes by a test's. */
  ahead(connection: ConnectionId): number {
    const lost = this.#lost.get(connection);
    return lost === undefined ? 0 : Math.max(0, this.#worker.elapsed() - lost.since);
  }

  #switchNetwork(id: ConnectionId, isLost: boolean): boolean {
    const { connections, memory } = this.#worker;
    const lost = this.#lost.get(id);
    if (!isLost) {
      this.#lost.delete(id);
      lost?.network.restore();
      return lost !== undefined;
    }
    const connection = connections.get(id);
    if (connection === undefined || lost !== undefined) return false;
    this.#lost.set(id, { network: connection.loseNetwork(memory), since: this.#worker.elapsed() });
    return true;
  }

  #held(): HeldByClient[] {
    const all: HeldByClient[] = [];
    for (const [id, connection] of this.#worker.connections) {
      for (const row of connection.rows('consumers')) {
        if (row?.kind !== 'channel') continue;
        for (const { tag, queue, count } of row.held) {
          const name = this.#worker.queueName(queue);
          const { vhost, name: connectionName } = connection;
          all.push({ vhost, queue: name, consumerTag: tag, connection: id, connectionName, count });
        }
      }
    }
    return all;
  }
}
