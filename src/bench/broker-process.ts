/**
 * A broker under load, in a process of its own, so that what it takes of the CPU can be told from what the load takes.
 * It is asked for that by any message. What must hold: it ends with the process that started it.
 */
import type { EngineKind } from '../engine/engine.js';
import { Broker } from '../node/handle.js';

export interface BrokerWanted {
  readonly engine: EngineKind;
  /** Where durable messages go; null: nowhere. */
  readonly directory: string | null;
}

export type FromBroker =
  | { readonly kind: 'listening'; readonly port: number }
  /** Microseconds of CPU so far, of all threads. */
  | { readonly kind: 'cpu'; readonly microseconds: number }
  | { readonly kind: 'failed'; readonly reason: string };

const tell = (message: FromBroker): void => {
  process.send?.(message);
};
process.on('disconnect', () => process.exit());
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  tell({ kind: 'cpu', microseconds: user + system });
});
try {
  const { engine, directory } = JSON.parse(process.argv[2] ?? '') as BrokerWanted;
  const data = directory === null ? null : { directory };
  const { port } = await Broker.start({ engine, data, port: 0, workers: 1, log: null });
  tell({ kind: 'listening', port });
} catch (error) {
  tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
}
