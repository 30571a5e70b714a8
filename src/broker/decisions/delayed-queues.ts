/**
 * Hidden queues of durable exchanges that hold messages back: what must not be lost waits there, and so in the log.
 * Nobody else knows them. Their messages die at once and come to a worker as dead letters do, which keeps them until
 * their time has come; neither that they came nor that they died is counted. What must hold: such a queue goes with its
 * exchange, and its number in the log is stored with it.
 */
import { AWAITED, type Engine, NO_FEATURES, type Queue, type QueueFeatures } from '../../engine/engine.js';
import type { Topology } from '../topology/topology.js';
import type { NewLogId } from './queues.js';

const FEATURES: QueueFeatures = { ...NO_FEATURES, ttl: 0, deadLetters: AWAITED };

type DelayedCore = Pick<Engine, 'createQueue' | 'setFeatures' | 'setLogId' | 'retireQueue' | 'freeQueue'>;

export class DelayedQueues {
  readonly #core: DelayedCore;
  readonly #topology: Topology;
  readonly #newLogId: NewLogId;

  constructor(core: DelayedCore, topology: Topology, newLogId: NewLogId) {
    this.#core = core;
    this.#topology = topology;
    this.#newLogId = newLogId;
  }

  /** Gives an exchange its hidden queue, if there is a log. False: no memory. */
  open(vhost: string, exchange: string): boolean {
    const logId = this.#newLogId();
    return logId === 0 || this.restore(vhost, exchange, logId, 0) !== 0;
  }

  /** The same with a number in the log that it had before; 0: no memory. */
  restore(vhost: string, exchange: string, logId: number, nextPosition: number): Queue {
    const ref = this.#core.createQueue();
    if (ref === 0) return 0;
    if (!this.#core.setFeatures(ref, FEATURES)) {
      this.#core.retireQueue(ref);
      this.#core.freeQueue(ref);
      return 0;
    }
    this.#core.setLogId(ref, logId, nextPosition);
    this.#topology.change({ kind: 'delayed.opened', vhost, exchange, ref, logId });
    return ref;
  }
}
