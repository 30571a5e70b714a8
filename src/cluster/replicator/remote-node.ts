/**
 * A node that runs in a thread of its own (hosted-node.ts), as those have it who have its directory. What must hold:
 * what is asked is answered, or rejected when the node has ended, in whatever way.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Followed } from '../../store/definitions.js';
import type { FromLane, LanePort, ToLane } from '../../store/replicated/lane-messages.js';
import type { ClusterStatus } from '../protocol/cluster-status.js';
import type { KnownQueue } from '../records/record-bodies.js';
import type { Defined, Following, Node, NodeEvents } from './led-node.js';
import type { FromNode, NodePort, ToNode } from './replicator-messages.js';

interface Question {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const LOST = 'the thread that follows the cluster has ended';

export class RemoteNode implements Node {
  readonly #port: NodePort<ToNode, FromNode>;
  readonly #replica: Following;
  readonly #events: NodeEvents;
  readonly #questions = new Map<number, Question>();
  #status: ClusterStatus;
  #save: (followed: Followed) => Promise<void> = () => Promise.reject(new Error('nobody serves'));
  #last = 0;
  #stopped: Promise<void> | null = null;
  #left: Promise<void> | null = null;
  #onStopped: (error: string | null) => void = () => undefined;
  #isOver = false;

  private constructor(port: NodePort<ToNode, FromNode>, status: ClusterStatus, replica: Following, events: NodeEvents) {
    this.#port = port;
    this.#status = status;
    this.#replica = replica;
    this.#events = events;
    replica.onApplied(() => this.#post({ kind: 'applied', position: replica.position }));
  }

  /**
   * Resolves when the node has begun; the thread says its status first. Call it before the port can be heard. `lost`
   * resolves, with why, when the thread ends by itself, and rejects this where that is before it has begun.
   */
  static begin(
    port: NodePort<ToNode, FromNode>,
    replica: Following,
    events: NodeEvents,
    lost: Promise<Error>,
  ): Promise<RemoteNode> {
    return new Promise((resolve, reject) => {
      let node: RemoteNode | null = null;
      lost.then((error) => {
        if (node === null) reject(error);
        else node.#lost(error);
      }, reject);
      // What it says of its role before its first status is in that.
      const early: FromNode[] = [];
      port.on('message', (message) => {
        if (node !== null) return node.#hear(message);
        if (message.kind !== 'status') return void early.push(message);
        node = new RemoteNode(port, message.status, replica, events);
        resolve(node);
        for (const one of early) node.#hear(one);
      });
    });
  }

  get status(): ClusterStatus {
    return this.#status;
  }

  async stepDown(to: string | null): Promise<boolean> {
    return (await this.#ask((id) => ({ kind: 'step down', id, to }))) as boolean;
  }

  async remove(name: string): Promise<boolean> {
    return (await this.#ask((id) => ({ kind: 'remove', id, name }))) as boolean;
  }

  serve(followed: Followed, save: (followed: Followed) => Promise<void>): void {
    this.#save = save;
    this.#post({ kind: 'serve', followed });
  }

  connect(lane: number, port: LanePort<ToLane, FromLane>): void {
    if (!this.#isOver) this.#port.postMessage({ kind: 'connect', lane, port }, [port as MessagePort]);
    else port.postMessage({ kind: 'fenced', text: LOST }, []);
  }

  async define(changes: Uint8Array): Promise<Defined> {
    return (await this.#ask((id) => ({ kind: 'define', id, changes }))) as Defined;
  }

  defined(sequence: number): void {
    this.#post({ kind: 'defined', sequence });
  }

  async known(queues: readonly KnownQueue[]): Promise<void> {
    await this.#ask((id) => ({ kind: 'known', id, queues }));
  }

  async deleted(queues: readonly number[]): Promise<void> {
    await this.#ask((id) => ({ kind: 'deleted', id, queues }));
  }

  fail(error: Error): void {
    this.#post({ kind: 'fail', error });
  }

  stop(drop = false): Promise<void> {
    this.#stopped ??= this.#isOver ? this.#endReplica() : this.#stop(drop);
    return this.#stopped;
  }

  #stop(drop: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onStopped = (error) => (error === null ? resolve() : reject(new Error(error)));
      this.#post({ kind: 'stop', drop });
    });
  }

  #post(message: ToNode): void {
    if (!this.#isOver) this.#port.postMessage(message);
  }

  #ask(question: (id: number) => ToNode): Promise<unknown> {
    if (this.#isOver) return Promise.reject(new Error(LOST));
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      this.#post(question(id));
    });
  }

  #hear(message: FromNode): void {
    switch (message.kind) {
      case 'apply':
        return this.#replica.apply(message.portion);
      case 'leave':
        return this.#leave();
      case 'lead':
        return this.#events.onLead(message.epoch);
      case 'save':
        return this.#saveNow(message.id, message.followed);
      case 'answer': {
        const question = this.#questions.get(message.id);
        this.#questions.delete(message.id);
        if (message.error === null) question?.resolve(message.value);
        else question?.reject(new Error(message.error));
        return;
      }
      case 'hand over':
        return this.#events.onHandOver(() => this.#post({ kind: 'paused' }));
      case 'role':
        this.#status = message.status;
        return this.#events.onRole(message.role);
      case 'trouble':
        return this.#events.onTrouble(message.text);
      case 'status':
        this.#status = message.status;
        return;
      case 'stopped':
        this.#over();
        return this.#onStopped(message.error);
      default:
        return message satisfies never;
    }
  }

  #leave(): void {
    const left = (error: string | null): void => this.#post({ kind: 'left', position: this.#replica.position, error });
    this.#endReplica().then(
      () => left(null),
      ({ message }: Error) => left(message),
    );
  }

  #endReplica(): Promise<void> {
    this.#left ??= this.#replica.close();
    return this.#left;
  }

  #saveNow(id: number, followed: Followed): void {
    this.#save(followed).then(
      () => this.#post({ kind: 'saved', id, error: null }),
      ({ message }: Error) => this.#post({ kind: 'saved', id, error: message }),
    );
  }

  #lost(error: Error): void {
    if (this.#isOver) return;
    this.#over();
    this.#onStopped(error.message);
    this.#events.onRole({ kind: 'failed', reason: 'store', error });
  }

  #over(): void {
    this.#isOver = true;
    for (const { reject } of this.#questions.values()) reject(new Error(LOST));
    this.#questions.clear();
  }
}
