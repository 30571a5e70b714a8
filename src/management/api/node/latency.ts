/** How long deliveries take: beyond what RabbitMQ tells. */
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { Quantiles } from '../../statistics/latencies.js';
import type { ManagedBroker } from '../base/managed-broker.js';

export function latencyRoutes({ route }: HttpServer, { latencies }: ManagedBroker): void {
  route('/api/leveret/latency', {
    GET: {
      tag: 'monitoring',
      handle: async () => ({
        since_start: inSeconds(latencies.sinceStart()),
        last_minute: inSeconds(latencies.lastMinute()),
      }),
    },
  });
}

function inSeconds({ deliveries, p50, p95, p99 }: Quantiles): JsonObject {
  return { deliveries, p50_seconds: p50, p95_seconds: p95, p99_seconds: p99 };
}
