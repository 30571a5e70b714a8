/** Contracts: where Prometheus scrapes. */
import type { Contracts, OperationContract } from './operation-contract.js';
import { type Schema, STRING } from './schema.js';

/** A parameter that may be given several times. */
function names(description: string): Schema {
  return { type: ['string', 'array'], items: STRING, description };
}

function scrape(summary: string, query: OperationContract['query'] = {}): OperationContract {
  return { summary, query, answers: { 200: STRING }, contentType: 'text/plain' };
}

export const METRICS: Contracts = {
  'GET /metrics': scrape('Metrics of the whole broker, for Prometheus'),
  'GET /metrics/per-object': scrape('Metrics of each queue, connection and channel'),
  'GET /metrics/detailed': scrape('Chosen families of metrics', {
    family: names('A family of metrics; several may be given.'),
    vhost: names('Tells of the queues and exchanges of this vhost alone; several may be given.'),
  }),
};
