/** What the node took, over time: beyond what RabbitMQ tells. */
import { badRequest } from '../../http/errors.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';

const AGE_MOST = 86_400;

export function historyRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { facts, history } = broker;
  const threads = [...Array.from({ length: facts.workers }, (_, index) => `worker ${index}`), 'management', 'broker'];
  route('/api/leveret/history', {
    GET: {
      tag: 'monitoring',
      handle: async ({ query }) => {
        const { age = '600', step = '5' } = query as { readonly age?: string; readonly step?: string };
        const samples = history.since(seconds('age', age) * 1000, seconds('step', step) * 1000);
        return {
          threads,
          samples: samples.map(({ timestamp, memory, coreMemory, diskFree, cpu, p50, p95, p99 }) => ({
            timestamp,
            memory,
            core_memory: coreMemory,
            disk_free: diskFree,
            cpu_seconds: cpu,
            p50_seconds: p50,
            p95_seconds: p95,
            p99_seconds: p99,
          })),
        };
      },
    },
  });
}

function seconds(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= AGE_MOST) return value;
  throw badRequest(`${name} must be from 1 to ${AGE_MOST} s`);
}
