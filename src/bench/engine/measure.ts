/** One case on one engine, timed by tinybench. What must hold: it runs in a thread in which the other engine never ran. */
import { Bench } from 'tinybench';
import type { EngineKind } from '../../engine/engine.js';
import { CASES } from './cases.js';

export interface CaseRequest {
  readonly engine: EngineKind;
  readonly title: string;
  readonly size: number;
  /** How long it is timed (ms). */
  readonly time: number;
}

/** Nanoseconds a message, by the median of all timed calls: what else the machine did in a call is no part of it. */
export async function measureCase({ engine, title, size, time }: CaseRequest): Promise<number> {
  const kind = CASES.find((one) => one.title === title);
  if (kind === undefined) throw new Error(`there is no case '${title}'`);
  const { messages, run, beforeEach, afterEach } = await kind.make(engine, size);
  const bench = new Bench({ time, warmupTime: time / 2, throws: true });
  const [task] = bench.add(title, run, { beforeEach, afterEach }).tasks;
  await bench.run();
  const result = task?.result;
  if (result === undefined || !('latency' in result)) throw new Error(`'${title}' was not measured`);
  return (result.latency.p50 * 1e6) / messages;
}
