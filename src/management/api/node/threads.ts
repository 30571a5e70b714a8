/** The threads of the broker: how busy each has been since it began, and how late its timers were. */
import { Counter } from '../../../engine/engine.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';

const MICROS = 1_000_000;
/** The management and the broker thread, behind the workers. */
const OTHERS = 2;

/** Workers are numbered; behind them are the management and the broker thread. */
export function threadName(index: number, workers: number): string {
  if (index < workers) return String(index);
  return index === workers ? 'management' : 'broker';
}

export function threadRoutes({ route }: HttpServer, { engine, facts }: Pick<ManagedBroker, 'engine' | 'facts'>): void {
  route('/api/leveret/threads', {
    GET: {
      tag: 'monitoring',
      handle: async () =>
        Array.from({ length: facts.workers + OTHERS }, (_, index) => ({
          name: threadName(index, facts.workers),
          cpu_seconds: engine.countedBy(index, Counter.CPU_MICROS) / MICROS,
          busy_seconds: engine.countedBy(index, Counter.BUSY_MICROS) / MICROS,
          ticks: engine.countedBy(index, Counter.TICKS),
          late_seconds: engine.countedBy(index, Counter.LATE_MICROS) / MICROS,
        })),
    },
  });
}
