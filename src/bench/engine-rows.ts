/**
 * The table of engines. What must hold: rounds go over all rows, one engine after the other, and every second round the
 * other way about, so that what else the machine does meets both alike.
 */
import type { EngineKind } from '../engine/engine.js';
import { CASES, messagesIn } from './engine/cases.js';
import { compare, ENGINES, type EngineRow } from './figures.js';
import type { Progress } from './progress.js';
import { contest, EngineThread } from './threads.js';

/** Messages a read where two workers contend, and octets of a body. */
const RUNS = [1, 16, 128];
const SIZES = [16, 1024, 8192];

export interface Effort {
  readonly rounds: number;
  /** How long a case is timed in one round (ms). */
  readonly time: number;
  /** Messages of one round of two workers. */
  readonly contended: number;
}

interface Row {
  readonly what: string;
  readonly body: number;
  readonly measure: (engine: EngineKind) => Promise<number>;
}

export async function engineRows({ rounds, time, contended }: Effort, progress: Progress): Promise<EngineRow[]> {
  const threads = { wasm: new EngineThread('wasm'), js: new EngineThread('js') };
  const rows = [...caseRows(threads, time), ...contestRows(contended)];
  const found = rows.map((): Record<EngineKind, number>[] => []);
  progress.expect(rows.length * rounds * ENGINES.length);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [index, row] of rows.entries()) {
        const order = round % 2 === 0 ? ENGINES : ENGINES.toReversed();
        const figures = { wasm: 0, js: 0 };
        for (const engine of order) {
          progress.step(`round ${round + 1} of ${rounds}, ${engine}: ${row.what}, ${row.body} B`);
          figures[engine] = await row.measure(engine);
        }
        found[index]?.push(figures);
      }
    }
  } finally {
    await Promise.all(ENGINES.map((engine) => threads[engine].end()));
  }
  return rows.map(({ what, body }, index) => ({ what, body, ...compare(found[index] ?? []) }));
}

function caseRows(threads: Readonly<Record<EngineKind, EngineThread>>, time: number): Row[] {
  return CASES.flatMap(({ title, sizes }) =>
    sizes.map((size) => ({
      what: title,
      body: size,
      measure: (engine: EngineKind) => threads[engine].measure({ title, size, time }),
    })),
  );
}

function contestRows(contended: number): Row[] {
  return RUNS.flatMap((run) =>
    SIZES.filter((size) => messagesIn(size) >= run).map((size) => ({
      what: `two workers, ${run === 1 ? 'one message' : `${run} messages`} a read`,
      body: size,
      measure: (engine: EngineKind) => contest(engine, size, run, contended),
    })),
  );
}
