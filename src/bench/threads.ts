/** The threads in which engines are measured. What must hold: what fails in one of them fails here. */
import { once } from 'node:events';
import { Worker as Thread } from 'node:worker_threads';
import type { EngineKind } from '../engine/engine.js';
import { createSharedCore, openEngine } from '../engine/open.js';
import { CONTENDERS, type Contest, type Span } from './engine/contention.js';
import type { CaseRequest } from './engine/measure.js';

const MEMORY = 512 * 2 ** 20;

/** A thread for one engine. */
export class EngineThread {
  readonly #engine: EngineKind;
  readonly #thread = new Thread(new URL('../bench/engine-thread.js', import.meta.url));

  constructor(engine: EngineKind) {
    this.#engine = engine;
  }

  /** Nanoseconds a message. One question at a time. */
  measure(request: Omit<CaseRequest, 'engine'>): Promise<number> {
    this.#thread.postMessage({ ...request, engine: this.#engine } satisfies CaseRequest);
    return answerOf(this.#thread);
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** Nanoseconds a message with `run` messages a read, both workers together handling `messages`. */
export async function contest(engine: EngineKind, size: number, run: number, messages: number): Promise<number> {
  const shared = await createSharedCore(engine, MEMORY, CONTENDERS);
  const coordinator = await openEngine(shared, CONTENDERS);
  const queue = coordinator.createQueue();
  const gate = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const rounds = Math.max(1, Math.floor(messages / run / CONTENDERS));
  const spans = await Promise.all(
    Array.from({ length: CONTENDERS }, (_, participant) =>
      play({ shared, participant, queue, gate, size, run, rounds }),
    ),
  );
  const begin = Math.min(...spans.map((span) => span.begin));
  const end = Math.max(...spans.map((span) => span.end));
  return ((end - begin) * 1e6) / (rounds * run * CONTENDERS);
}

function play(contest: Contest): Promise<Span> {
  return answerOf(new Thread(new URL('../bench/contender-thread.js', import.meta.url), { workerData: contest }));
}

/** The next message of a thread; rejects with what ended it instead. */
async function answerOf<T>(thread: Thread): Promise<T> {
  const [answer] = (await once(thread, 'message')) as [T];
  return answer;
}
