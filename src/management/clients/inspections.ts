/**
 * The management's end of its ports to the workers: asks all of them, gathers their portions. What must hold: a
 * question ends, whatever becomes of a worker: one that is stuck costs whoever asks some seconds, and nobody else.
 */
import type { MessagePort } from 'node:worker_threads';
import type { ConnectionId } from '../../broker/requests/requests.js';
import type { Depth, Row } from '../../connection/inspection/rows.js';
import type { FromInspection, ToInspection } from '../../worker/inspection.js';

/** How long a worker may take for an answer (ms), or for the next part of one. */
const ANSWER_MS = 5_000;

/** A worker has not answered. */
export class NoAnswer extends Error {
  constructor(worker: number) {
    super(`worker ${worker} has not answered within ${ANSWER_MS / 1000} s`);
  }
}

interface Waiting {
  readonly rows: Row[];
  readonly deadline: NodeJS.Timeout;
  resolve(rows: readonly Row[]): void;
}

type Question = ToInspection extends infer Q ? (Q extends ToInspection ? Omit<Q, 'question'> : never) : never;

/** One worker's. */
class WorkerInspection {
  readonly #index: number;
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(port: MessagePort, index: number) {
    this.#index = index;
    this.#port = port;
    port.on('message', (answer: FromInspection) => this.#onAnswer(answer));
  }

  close(): void {
    this.#port.close();
    for (const question of this.#waiting.keys()) this.#take(question)?.resolve([]);
  }

  ask(question: Question): Promise<readonly Row[]> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new NoAnswer(this.#index));
      }, ANSWER_MS);
      this.#waiting.set(id, { rows: [], deadline, resolve });
      this.#port.postMessage({ ...question, question: id } satisfies ToInspection);
    });
  }

  #onAnswer({ question, rows, isLast }: FromInspection): void {
    const waiting = this.#waiting.get(question);
    if (waiting === undefined) return;
    waiting.rows.push(...rows);
    if (isLast) this.#take(question)?.resolve(waiting.rows);
    else waiting.deadline.refresh();
  }

  #take(question: number): Waiting | undefined {
    const waiting = this.#waiting.get(question);
    this.#waiting.delete(question);
    clearTimeout(waiting?.deadline);
    return waiting;
  }
}

export class Inspections {
  readonly #workers: readonly WorkerInspection[];

  constructor(ports: readonly MessagePort[]) {
    this.#workers = ports.map((port, index) => new WorkerInspection(port, index));
  }

  /** Those of one connection, or of all. Rejects with `NoAnswer`. */
  async list(depth: Depth, only: string | null): Promise<readonly Row[]> {
    const lists = await Promise.all(this.#workers.map((worker) => worker.ask({ kind: 'list', depth, only })));
    return lists.flat();
  }

  /** Whoever serves it closes it, as far as it is still there. Rejects with `NoAnswer`. */
  async closeConnection(connection: ConnectionId, text: string): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ask({ kind: 'close', connection, text })));
  }

  close(): void {
    for (const worker of this.#workers) worker.close();
  }
}
