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
import { fatal, isMistake } from '../../platform/fatal.js';
import type { Followed } from '../../store/definitions.js';
import type { FromLane, LanePort, ToLane } from '../../store/replicated/lane-messages.js';
import { type AppendKind, ClusterNode, type NodeOptions } from '../protocol/cluster-node.js';
import type { ClusterStatus } from '../protocol/cluster-status.js';
import type { Role } from '../protocol/role.js';
import type { Outcome } from '../protocol/sequencer.js';
import { TIMING, type Timing } from '../protocol/timing.js';
import { batchBody, deletedBody, type KnownQueue, knownBody } from '../records/record-bodies.js';
import { RecordKind } from '../records/record-layout.js';
import { LedFiles } from './led-files.js';
import type { Defined, Following, Node, NodeEvents } from './led-node.js';
import { NodeStore } from './node-store.js';
import type { SharedHold } from './shared-hold.js';

export interface ReplicatorOptions extends Omit<NodeOptions, 'store' | 'observer'> {
  readonly replica: Following;
  /** Whoever delivers while this node leads goes by it; `clock` is the machine's then. */
  readonly hold: SharedHold;
  readonly events: NodeEvents;
}

export class Replicator implements Node {
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #hold: SharedHold;
  readonly #events: NodeEvents;
  readonly #store: NodeStore;
  readonly #node: ClusterNode;
  readonly #lanes = new Map<number, LanePort<ToLane, FromLane>>();
  #files: LedFiles | null = null;
  #isOver = false;
  #end: Promise<void> | null = null;

  constructor({ replica, hold, events, ...options }: ReplicatorOptions) {
    this.#clock = options.clock;
    this.#timing = options.timing ?? TIMING;
    this.#hold = hold;
    this.#events = events;
    this.#store = new NodeStore(replica);
    this.#node = new ClusterNode({
      ...options,
      store: this.#store,
      observer: {
        onRole: (role) => this.#onRole(role),
        onLead: (epoch) => this.#lead(epoch).catch((error: Error) => this.#node.fail(error)),
        // Whoever delivers looks by itself.
        onHold: () => undefined,
        onCertain: (sentAt) => hold.renew(sentAt, this.#timing),
        onDrain: () => undefined,
        onHandOver: (ready) => this.#handOver(ready),
        onTrouble: (trouble) => this.#onTrouble(trouble),
      },
    });
  }

  get status(): ClusterStatus {
    return this.#node.status;
  }

  async stepDown(to: string | null): Promise<boolean> {
    return this.#node.stepDown(to);
  }

  async remove(name: string): Promise<boolean> {
    return this.#node.remove(name);
  }

  fail(error: Error): void {
    this.#node.fail(error);
  }

  serve(followed: Followed, save: (followed: Followed) => Promise<void>): void {
    this.#files = new LedFiles({
      clock: this.#clock,
      followed,
      save,
      onTrouble: (error) => this.#events.onTrouble(error?.message ?? null),
    });
    this.#store.lead(this.#files);
  }

  connect(lane: number, port: LanePort<ToLane, FromLane>): void {
    this.#lanes.set(lane, port);
    port.on('message', (message) => this.#hear(lane, port, message));
    if (this.#isOver) port.postMessage(this.#fenced(), []);
  }

  async define(changes: Uint8Array): Promise<Defined> {
    const sequence = await this.#append(RecordKind.DEFINITIONS, [changes]);
    const followed = this.#files === null ? null : { ...this.#files.followed, definitions: sequence };
    return { sequence, followed };
  }

  defined(sequence: number): void {
    this.#files?.defined(sequence);
  }

  async known(queues: readonly KnownQueue[]): Promise<void> {
    await this.#append(RecordKind.KNOWN, knownBody(queues));
  }

  async deleted(queues: readonly number[]): Promise<void> {
    await this.#append(RecordKind.DELETED, deletedBody(queues));
  }

  stop(drop = false): Promise<void> {
    this.#end ??= this.#stop(drop);
    return this.#end;
  }

  async #stop(drop: boolean): Promise<void> {
    this.#node.stop();
    if (drop) this.#files?.drop();
    else if (this.#files !== null) await this.#files.end();
    else await this.#store.leave().catch(knownToFail);
  }

  async #lead(epoch: number): Promise<void> {
    await this.#store.leave();
    if (!this.#isOver) this.#events.onLead(epoch);
  }

  #handOver(ready: () => void): void {
    this.#hold.handOver();
    this.#events.onHandOver(ready);
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
    const { name, role, leader } = this.#node.status;
    if (role.kind === 'failed') return { kind: 'fenced', text: `this node leads no more (${role.error.message})` };
    return {
      kind: 'fenced',
      text: `this node leads no more${leader === null || leader === name ? '' : `: ${leader} does`}`,
    };
  }

  #onTrouble(text: string | null): void {
    for (const port of this.#lanes.values()) port.postMessage({ kind: 'trouble', text }, []);
    this.#events.onTrouble(text);
  }

  #onRole(role: Role): void {
    const isOver = role.kind === 'deposed' || role.kind === 'failed' || role.kind === 'stopped';
    if (isOver && !this.#isOver) {
      this.#isOver = true;
      this.#hold.end();
      for (const port of this.#lanes.values()) port.postMessage(this.#fenced(), []);
    }
    this.#events.onRole(role);
  }
}

/** What a node that follows could not write is told again, behind its position; its directory is given up all the same. */
function knownToFail(error: Error): void {
  if (isMistake(error)) throw error;
}
