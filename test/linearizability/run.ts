/** Histories of real runs: participants of one core on threads of their own (client.mjs), each doing things by chance. */
import { Worker } from 'node:worker_threads';
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import { openWasmEngine } from '../../dist/engine/wasm/wasm-engine.js';
import {
  type Engine,
  type EngineKind,
  NO_FEATURES,
  type QueueFeatures,
  type SharedCore,
} from '../../src/engine/engine.js';
import { hesitantCore } from './hesitant-core.js';
import { HESITATION, hesitation } from './hesitation.mjs';
import type { Timed } from './linearize.js';
import { linearizeQueue, type QueueCall, type QueueHistory } from './sequential-queue.js';

export interface Plan {
  readonly workers: number;
  readonly rounds: number;
  /** Of each worker in a round. */
  readonly calls: number;
  readonly seed: number;
  /** Whether messages come by a consumer of each worker, or by basic.get. */
  readonly consumes: boolean;
  readonly features?: Partial<QueueFeatures>;
}

const MEBIBYTES = 64;
/** How long a run may take that takes seconds: with a fault a participant may go round for ever. */
const PATIENCE_MS = 45_000;
const WORDS = 3;

/** What happened in each round. The last participant is the coordinator, which purges. */
export async function histories(kind: EngineKind, plan: Plan): Promise<QueueHistory[]> {
  const shared = await createSharedCore(kind, MEBIBYTES << 20, plan.workers);
  return play(shared, await openEngine(shared, plan.workers), plan, false);
}

/** The same on a core that hesitates. */
export function hesitantHistories(module: WebAssembly.Module, plan: Plan): Promise<QueueHistory[]> {
  const shared = hesitantCore(module, MEBIBYTES, plan.workers);
  return play(shared, openWasmEngine(shared, plan.workers, { [HESITATION]: hesitation(() => 1) }), plan, true);
}

async function play(shared: SharedCore, maker: Engine, plan: Plan, hesitates: boolean): Promise<QueueHistory[]> {
  const queue = maker.createQueue();
  if (plan.features) maker.setFeatures(queue, { ...NO_FEATURES, ...plan.features });
  const participants = plan.workers + 1;
  const words = new SharedArrayBuffer(4 * WORDS);
  const workers: Worker[] = [];
  const tellings = Array.from({ length: participants }, (_, participant) => {
    const workerData = { ...plan, shared, participant, participants, queue, words, hesitates };
    const worker = new Worker(new URL('./client.mjs', import.meta.url), { workerData });
    workers.push(worker);
    return told(worker, plan.rounds);
  });
  try {
    const all = await inTime(Promise.all(tellings));
    return Array.from({ length: plan.rounds }, (_, round) => merged(all.map((one) => one[round] ?? [])));
  } finally {
    // Where one has failed, the others wait for it.
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function inTime<Value>(waited: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = new Error(`a participant has not come to its end after ${PATIENCE_MS / 1000} s`);
    const timer = setTimeout(() => reject(late), PATIENCE_MS);
    waited.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function told(worker: Worker, count: number): Promise<QueueHistory[]> {
  return new Promise((resolve, reject) => {
    const rounds: QueueHistory[] = [];
    worker.on('message', (history) => {
      rounds.push(history);
      if (rounds.length === count) resolve(rounds);
    });
    worker.once('error', reject);
  });
}

/** One history of those of all participants. */
function merged(parts: readonly QueueHistory[]): QueueHistory {
  let before = 0;
  return parts.flatMap((part) => {
    const first = before;
    before += part.length;
    return part.map((one) =>
      one.after === undefined ? one : { ...one, after: one.after.map((call) => call + first) },
    );
  });
}

/** What cannot be explained in a history, as a text; null: all can. Undecided histories are left to whoever counts them. */
export function unexplained(history: QueueHistory): { readonly text: string; readonly decided: boolean } | null {
  const verdict = linearizeQueue(history);
  if (verdict.linearizable) return null;
  const { began = 0, ended = 0 } = history[verdict.at] ?? {};
  const near = history
    .map((one, number) => ({ ...one, number }))
    .filter((one) => one.ended >= began - MARGIN && one.began <= ended)
    .sort((a, b) => a.began - b.began);
  const lines = near.map((one) => `${one.number === verdict.at ? '>' : ' '} ${line(one)}`);
  const text = ['this call has no moment, whatever is thought of those before it:', ...lines].join('\n');
  return { text, decided: verdict.linearizable === false };
}

/** Throws what cannot be explained in histories. There are some of which it cannot be said in time, but few. */
export function expectExplained(histories: readonly QueueHistory[]): void {
  const undecided: string[] = [];
  for (const [round, history] of histories.entries()) {
    const found = unexplained(history);
    if (found === null) continue;
    if (found.decided) throw new Error(`round ${round}: ${found.text}`);
    undecided.push(`round ${round}, undecided: ${found.text}`);
  }
  if (undecided.length > histories.length * UNDECIDED_MAX) throw new Error(undecided.join('\n'));
}

/** About a twentieth is, with the twin, whose locks let calls overlap for long. */
const UNDECIDED_MAX = 0.25;

/** How much of what was before is shown, by the clock of the run. */
const MARGIN = 60;

function line({ call, began, ended }: Timed<QueueCall>): string {
  const message = 'message' in call ? ` ${call.message}` : '';
  return `${began}-${ended} ${call.does}${message}${'redelivered' in call && call.redelivered ? ' again' : ''}`;
}
