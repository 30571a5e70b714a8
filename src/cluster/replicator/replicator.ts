/**
 * This folder joins a node of the cluster with what it applies to and with those who write while it leads.
 *
 * Here: hosts the node. While it follows, its replica is the node's store; when it leads, the directory is given up for
 * whoever recovers it, and each participant's log is connected by a port. What must hold:
 *
 * - A batch's records are given back to their lane when the batch is certain, in the order in which they came, and all
 *   lanes are told when the node is deposed: nothing is certain behind that.
 * - The directory is recovered only when the replica has ended, and its position is durable.
 * - A node that leads no more is over: what follows is another one, on the directory as it is then.
 */
import type { Clock } from '../../platform/clock.js';
import { fatal } from '../../platform/fatal.js';
import type { Followed } from '../../store/definitions.js';
import type { FromLane, LanePort, ToLane } from '../../store/replicated/lane-messages.js';
import { type AppendKind, ClusterNode, type NodeOptions } from '../protocol/cluster-node.js';
import type { ClusterStatus } from '../protocol/cluster-status.js';
import type { Hold, Role } from '../protocol/role.js';
import type { Outcome } from '../protocol/sequencer.js';
import { batchBody, deletedBody, type KnownQueue, knownBody } from '../records/record-bodies.js';
import { RecordKind } from '../records/record-layout.js';
import type { Replica } from '../replica/replica.js';
import { LedFiles } from './led-files.js';
import { NodeStore } from './node-store.js';

export interface ReplicatorObserver {
  /** The directory is free, and has all that counts before this epoch: it may be recovered and served from. */
  onLead(epoch: number): void;
  onHold(hold: Hold): void;
  /** Deliveries may go on until `pauseAfter` behind this time (`Clock.elapsed`). */
  onCertain(sentAt: number): void;
  /** Nothing may be delivered from now on; `ready` is called when nothing is any more. */
  onHandOver(ready: () => void): void;
  /** Any role; behind an end nothing comes. */
  onRole(role: Role): void;
  onTrouble(trouble: string | null): void;
}

export interface ReplicatorOptions extends Omit<NodeOptions, 'store' | 'observer'> {
  readonly replica: Replica;
  readonly observer: ReplicatorObserver;
}

export class Replicator {
  readonly #clock: Clock;
  readonly #observer: ReplicatorObserver;
  readonly #store: NodeStore;
  readonly #node: ClusterNode;
  readonly #lanes = new Map<number, LanePort<ToLane, FromLane>>();
  #files: LedFiles | null = null;
  #isOver = false;

  constructor({ replica, observer, ...options }: ReplicatorOptions) {
    this.#clock = options.clock;
    this.#observer = observer;
    this.#store = new NodeStore(replica);
    this.#node = new ClusterNode({
      ...options,
      store: this.#store,
      observer: {
        onRole: (role) => this.#onRole(role),
        onLead: (epoch) => this.#lead(epoch).catch((error: Error) => this.#node.fail(error)),
        onHold: (hold) => observer.onHold(hold),
        onCertain: (sentAt) => observer.onCertain(sentAt),
        onDrain: () => undefined,
        onHandOver: (ready) => observer.onHandOver(ready),
        onTrouble: (trouble) => this.#onTrouble(trouble),
      },
    });
  }

  get status(): ClusterStatus {
    return this.#node.status;
  }

  /** Whether what is about to be done may be done at this time (`Clock.elapsed`). */
  hold(now: number): Hold {
    return this.#node.hold(now);
  }

  stepDown(to: string | null): boolean {
    return this.#node.stepDown(to);
  }

  /** The directory's files, or definitions, have failed. */
  fail(error: Error): void {
    this.#node.fail(error);
  }

  /**
   * As the leader, once the directory is recovered and before a participant writes: `followed` is what the definitions
   * say of it, and `save` says it anew.
   */
  serve(followed: Followed, save: (followed: Followed) => Promise<void>): void {
    this.#files = new LedFiles({
      clock: this.#clock,
      followed,
      save,
      onTrouble: (error) => this.#observer.onTrouble(error?.message ?? null),
    });
    this.#store.lead(this.#files);
  }

  /** Connects the log of a participant. */
  connect(lane: number, port: LanePort<ToLane, FromLane>): void {
    this.#lanes.set(lane, port);
    port.on('message', (message) => this.#hear(lane, port, message));
    if (this.#isOver) port.postMessage(this.#fenced(), []);
  }

  /** Resolves with the sequence where some changes of definitions stand, when that is certain; rejects when fenced. */
  define(changes: Uint8Array): Promise<number> {
    return this.#append(RecordKind.DEFINITIONS, [changes]);
  }

  /** What is to be said durably together with the changes that stand there. */
  followedWith(sequence: number): Followed | null {
    return this.#files === null ? null : { ...this.#files.followed, definitions: sequence };
  }

  /** They are durable here. */
  defined(sequence: number): void {
    this.#files?.defined(sequence);
  }

  known(queues: readonly KnownQueue[]): Promise<number> {
    return this.#append(RecordKind.KNOWN, knownBody(queues));
  }

  deleted(queues: readonly number[]): Promise<number> {
    return this.#append(RecordKind.DELETED, deletedBody(queues));
  }

  /** Ends the node, and what it applies to. `drop`: as a kill does, with nothing said. */
  async stop(drop = false): Promise<void> {
    this.#node.stop();
    if (drop) this.#files?.drop();
    else if (this.#files !== null) await this.#files.end();
    else await this.#store.leave();
  }

  async #lead(epoch: number): Promise<void> {
    await this.#store.leave();
    if (!this.#isOver) this.#observer.onLead(epoch);
  }

  #append(kind: AppendKind, body: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#node.append(kind, body, (outcome) => {
        if (outcome.kind === 'certain') resolve(outcome.sequence);
        else reject(new Error(this.#fenced().text));
      });
    });
  }

  #hear(lane: number, port: LanePort<ToLane, FromLane>, message: FromLane): void {
    switch (message.kind) {
      case 'append': {
        const { records, ...head } = message.batch;
        this.#node.append(RecordKind.BATCH, batchBody({ lane, ...head }, [records]), (outcome) =>
          this.#answer(port, records, outcome),
        );
        return;
      }
      case 'written':
        if (this.#files === null) return fatal(new Error(`lane ${lane} writes, and the node does not lead`));
        return this.#files.written(lane, message.batches);
      default:
        return message satisfies never;
    }
  }

  #answer(port: LanePort<ToLane, FromLane>, records: Uint8Array<ArrayBuffer>, { kind }: Outcome): void {
    if (kind === 'certain') port.postMessage({ kind, records }, [records.buffer]);
    else port.postMessage(this.#fenced(), []);
  }

  #fenced(): Extract<ToLane, { kind: 'fenced' }> {
    const { role, leader } = this.#node.status;
    if (role.kind === 'failed') return { kind: 'fenced', text: `this node leads no more (${role.error.message})` };
    return { kind: 'fenced', text: `this node leads no more${leader === null ? '' : `: ${leader} does`}` };
  }

  #onTrouble(text: string | null): void {
    for (const port of this.#lanes.values()) port.postMessage({ kind: 'trouble', text }, []);
    this.#observer.onTrouble(text);
  }

  #onRole(role: Role): void {
    const isOver = role.kind === 'deposed' || role.kind === 'failed' || role.kind === 'stopped';
    if (isOver && !this.#isOver) {
      this.#isOver = true;
      for (const port of this.#lanes.values()) port.postMessage(this.#fenced(), []);
    }
    this.#observer.onRole(role);
  }
}
