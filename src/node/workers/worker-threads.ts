/**
 * Threads for workers, and for the management, which is one more of them. They take longer to start than anything else,
 * so they can be started before the rest of the broker is loaded, and told later what they work on. What must hold: a
 * thread that was not told anything does not keep the process alive. This module loads nothing of the broker.
 */
import { MessageChannel, type MessagePort, Worker as Thread } from 'node:worker_threads';
import type { WorkerSetup } from '../../worker/thread-messages.js';
import type { ManagementSetup } from '../management-messages.js';

/** A thread that waits for what it is to work on. */
export interface IdleThread {
  readonly thread: Thread;
  /** Its end is the thread's `workerData`. */
  readonly setup: MessagePort;
}

/**
 * Space for a worker's new objects (MB, of three parts). The messages have none there, and V8 would let it grow to four
 * times this by and by, and never give it back.
 */
const YOUNG_MB = 12;

/** All threads that a broker serves with. */
export interface IdleThreads {
  readonly workers: readonly IdleThread[];
  /** Null: it has no management. */
  readonly management: IdleThread | null;
}

export function startThreads(workers: number, withManagement: boolean): IdleThreads {
  return {
    workers: Array.from({ length: workers }, (_, index) =>
      startThread('../worker/worker-thread.js', `leveret-worker-${index}`),
    ),
    management: withManagement ? startThread('../management/management-thread.js', 'leveret-management') : null,
  };
}

function startThread(file: string, name: string): IdleThread {
  const { port1, port2 } = new MessageChannel();
  const thread = new Thread(new URL(file, import.meta.url), {
    workerData: port2,
    transferList: [port2],
    name,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  thread.unref();
  return { thread, setup: port1 };
}

/** From now on the thread is the broker's: it keeps the process alive. */
export function setUp({ thread, setup }: IdleThread, work: WorkerSetup | ManagementSetup): Thread {
  thread.ref();
  const ports = 'management' in work ? [work.management, ...work.inspections] : [];
  if (work.inspection !== null) ports.push(work.inspection);
  if (work.spans !== null) ports.push(work.spans.port);
  setup.postMessage(work, [work.topology, ...ports]);
  setup.close();
  return thread;
}
