/**
 * The workers as the main thread knows them: starts them, carries topology changes, requests and sockets to and from them,
 * and ends them. A new connection goes to the worker that has the fewest.
 */
import { MessageChannel, type MessagePort, Worker as Thread } from 'node:worker_threads';
import type { Answer, Change, ConnectionId, Request } from '../broker/requests.js';
import type { Outcome } from '../engine/affinity.js';
import type { SharedCore } from '../engine/engine.js';
import { openEngine } from '../engine/open.js';
import type { Source } from './connection.js';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js';
import { Worker } from './worker.js';

/** What the pool's owner does for the workers. */
export interface Coordination {
  handle(connection: ConnectionId, request: Request): Answer;
  applied(worker: number, epoch: number): void;
  /** A worker thread has ended by a defect. */
  fatal(error: Error): void;
}

/** How long workers may take to end after they were asked to (ms): more than they give their clients. */
const STOP_MS = 4_000;

interface Member {
  readonly topology: MessagePort;
  readonly pinned: Outcome | null;
  readonly stopped: Promise<void>;
  connections: number;
  post(message: ToWorker): void;
  accept(id: ConnectionId, source: Source, loopback: boolean): void;
  terminate(): Promise<void>;
}

export class WorkerPool {
  readonly #members: readonly Member[];
  #lastId = 0;

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Starts one thread for each element of `cpus`, all at once; null leaves a worker to the scheduler. */
  static async threads(shared: SharedCore, cpus: readonly (number | null)[], by: Coordination): Promise<WorkerPool> {
    return new WorkerPool(await Promise.all(cpus.map((cpu, index) => startThread(shared, index, cpu, by))));
  }

  /** The one worker of a platform whose sockets cannot change threads: it runs on this one. */
  static async local(shared: SharedCore, by: Coordination): Promise<WorkerPool> {
    return new WorkerPool([await startLocal(shared, by)]);
  }

  /** How pinning went, for each worker; null where it was not asked for. */
  get pinned(): readonly (Outcome | null)[] {
    return this.#members.map((member) => member.pinned);
  }

  postChanges(changes: readonly Change[]): void {
    for (const member of this.#members) member.topology.postMessage(changes);
  }

  accept(source: Source, loopback: boolean): void {
    const member = this.#members.reduce((least, next) => (next.connections < least.connections ? next : least));
    member.connections += 1;
    this.#lastId += 1;
    member.accept(this.#lastId, source, loopback);
  }

  /** Closes all connections and ends all workers. */
  async close(): Promise<void> {
    for (const member of this.#members) member.post({ kind: 'shutdown' });
    const allStopped = Promise.all(this.#members.map((member) => member.stopped));
    await Promise.race([allStopped, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
    await Promise.all(this.#members.map((member) => member.terminate()));
  }
}

async function startThread(shared: SharedCore, index: number, cpu: number | null, by: Coordination): Promise<Member> {
  const { port1, port2 } = new MessageChannel();
  const setup: WorkerSetup = { shared, index, cpu, topology: port2 };
  const thread = new Thread(new URL('./worker-thread.js', import.meta.url), {
    workerData: setup,
    transferList: [port2],
    name: `leveret-worker-${index}`,
  });
  const post = (message: ToWorker): void => thread.postMessage(message);
  const events = attend(index, thread, post, by);
  thread.on('error', (error) => {
    events.failed(error);
    by.fatal(error);
  });
  const pinned = await events.ready;
  return events.join({
    topology: port1,
    pinned,
    stopped: events.stopped,
    connections: 0,
    post,
    accept: (id, source, loopback) => {
      if (!('fd' in source)) throw new Error('only descriptors can go to another thread');
      post({ kind: 'socket', handover: { id, fd: source.fd, loopback } });
    },
    terminate: async () => {
      port1.close();
      await thread.terminate();
    },
  });
}

async function startLocal(shared: SharedCore, by: Coordination): Promise<Member> {
  const topology = new MessageChannel();
  const control = new MessageChannel();
  const post = (message: ToWorker): void => control.port1.postMessage(message);
  const events = attend(0, control.port1, post, by);
  const worker = new Worker(await openEngine(shared, 0), control.port2, topology.port2);
  return events.join({
    topology: topology.port1,
    pinned: null,
    stopped: events.stopped,
    connections: 0,
    post,
    accept: (id, source, loopback) => worker.accept(id, source, loopback),
    terminate: async () => {
      topology.port1.close();
      control.port1.close();
    },
  });
}

interface Attendance {
  readonly ready: Promise<Outcome | null>;
  readonly stopped: Promise<void>;
  failed(error: Error): void;
  /** Counts the connections that close from now on. */
  join(member: Member): Member;
}

/** Answers what a worker says. */
function attend(
  index: number,
  source: { on(event: 'message', listener: (message: FromWorker) => void): unknown },
  post: (message: ToWorker) => void,
  by: Coordination,
): Attendance {
  let member: Member | null = null;
  let settle: ((pinned: Outcome | null) => void) | undefined;
  let failed: ((error: Error) => void) | undefined;
  let stop: (() => void) | undefined;
  const ready = new Promise<Outcome | null>((resolve, reject) => {
    settle = resolve;
    failed = reject;
  });
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  source.on('message', (message) => {
    switch (message.kind) {
      case 'ready':
        return settle?.(message.pinned);
      case 'request':
        return post({ kind: 'answer', connection: message.connection, answer: by.handle(message.connection, message.request) });
      case 'applied':
        return by.applied(index, message.epoch);
      case 'closed':
        if (member !== null) member.connections -= 1;
        return;
      case 'stopped':
        return stop?.();
      default:
        return message satisfies never;
    }
  });
  return {
    ready,
    stopped,
    failed: (error) => failed?.(error),
    join: (joined) => {
      member = joined;
      return joined;
    },
  };
}
