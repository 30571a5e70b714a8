/** What one vhost holds, as a view of the topology knows it. Names are unique among their kind. */
import type { CounterList, Queue } from '../../engine/engine.js';
import { NO_METADATA, type VhostMetadata } from '../requests/vhost-metadata.js';
import type { ExchangeEntry, QueueEntry } from './topology-entries.js';

export class Vhost {
  readonly exchanges = new Map<string, ExchangeEntry>();
  readonly queues = new Map<string, QueueEntry>();
  /** Queues for direct replies: only the default exchange knows them, by their names. */
  readonly replies = new Map<string, Queue>();
  /** Where is counted what clients do here. */
  readonly counters: CounterList;
  metadata: VhostMetadata = NO_METADATA;
  /** How many bindings there are; those of the default exchange are implied and do not count. */
  bindings = 0;

  constructor(counters: CounterList) {
    this.counters = counters;
  }
}
