/**
 * The threads of a load: each has its share of the connections. What must hold: what one of them says is said of all only
 * when all have said it; a failure of one is a failure of all.
 */
import { Worker } from 'node:worker_threads';
import { BrokerError } from '../client/errors.js';
import { Board } from './measure/board.js';
import type { Plan } from './plan.js';
import type { FromLoad, LoadAssignment, ToLoad } from './thread-messages.js';

type Said = Exclude<FromLoad['kind'], 'failed'>;

interface Wait {
  readonly promise: Promise<void>;
  resolve(): void;
}

export class LoadThreads {
  readonly boards: SharedArrayBuffer;
  /** Rejects with what ends the run before it is over; never resolves. */
  readonly failed: Promise<never>;
  readonly #workers: readonly Worker[];
  readonly #exits: Promise<void>[] = [];
  readonly #waits = new Map<Said, Wait & { left: number }>();
  #fail: (error: Error) => void = () => {};

  constructor(plan: Plan) {
    this.boards = Board.memoryFor(plan.threads);
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
    const assignments = Array.from(
      { length: plan.threads },
      (_, index): LoadAssignment => ({
        plan,
        boards: this.boards,
        index,
        producers: share(plan.producers, index, plan.threads),
        consumers: share(plan.consumers, index, plan.threads),
      }),
    );
    const withProducers = assignments.filter(({ producers }) => producers.length > 0).length;
    const withConsumers = assignments.filter(({ consumers }) => consumers.length > 0).length;
    this.#await('ready', plan.threads);
    this.#await('consuming', plan.threads);
    this.#await('producers-done', withProducers);
    this.#await('consumers-done', withConsumers);
    this.#await('ended', plan.threads);
    this.#workers = assignments.map((assignment) => this.#start(assignment));
  }

  #start(assignment: LoadAssignment): Worker {
    const worker = new Worker(new URL('../perf/load-thread.js', import.meta.url), { workerData: assignment });
    worker.on('message', (message: FromLoad) => this.#take(message));
    worker.on('error', (error) => this.#fail(error));
    this.#exits.push(new Promise((resolve) => worker.once('exit', () => resolve())));
    return worker;
  }

  #await(said: Said, left: number): void {
    let resolve = (): void => {};
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.#waits.set(said, { promise, resolve, left });
  }

  #take(message: FromLoad): void {
    if (message.kind === 'failed') return this.#fail(new BrokerError(message.reason));
    const wait = this.#waits.get(message.kind);
    if (wait !== undefined && --wait.left === 0) wait.resolve();
  }

  /** Resolves when all who have to do with it have said it; rejects as `failed`. */
  async all(said: Said): Promise<void> {
    await Promise.race([this.#waits.get(said)?.promise, this.failed]);
  }

  tell(message: ToLoad): void {
    for (const worker of this.#workers) worker.postMessage(message);
  }

  /** Has them leave the broker. Resolves when all are gone. */
  async end(): Promise<void> {
    this.tell({ kind: 'stop' });
    await Promise.race([this.all('ended'), Promise.all(this.#exits)]).catch(() => {});
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** The numbers that fall to one of `threads`, going round. */
function share(count: number, index: number, threads: number): number[] {
  return Array.from({ length: count }, (_, number) => number).filter((number) => number % threads === index);
}
