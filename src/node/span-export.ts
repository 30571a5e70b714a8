/**
 * The thread that exports spans, as the broker thread has it. What must hold: what workers have told before they ended
 * is sent, if the receiver takes it soon; a receiver that does not keeps no broker from its end.
 */
import { once } from 'node:events';
import { hostname } from 'node:os';
import { MessageChannel, Worker as Thread } from 'node:worker_threads';
import type { Logger } from '../logging/logger.js';
import { fatal } from '../platform/fatal.js';
import { within } from '../platform/within.js';
import type { ExporterSetup, FromExporter } from '../spans/exporter-thread.js';
import { SpanCounts } from '../spans/span-counts.js';
import type { SpanSetup } from '../spans/span-sender.js';

/** How long the thread may take to end (ms): more than it gives the receiver. */
const END_MS = 8_000;

export class SpanExport {
  /** What each worker needs, by its number. */
  readonly setups: readonly SpanSetup[];
  readonly #thread: Thread;
  readonly #ended: Promise<unknown>;

  /** `url`: where the receiver takes traces. */
  constructor(url: string, workers: number, logger: Logger) {
    const channels = Array.from({ length: workers }, () => new MessageChannel());
    const counts = new SpanCounts().shared;
    this.setups = channels.map(({ port1 }) => ({ port: port1, counts }));
    const ports = channels.map(({ port2 }) => port2);
    const exporting = { url, resource: { node: `leveret@${hostname()}` } };
    this.#thread = new Thread(new URL('../spans/exporter-thread.js', import.meta.url), {
      workerData: { exporting, ports, counts, logLevels: logger.levels.shared } satisfies ExporterSetup,
      transferList: ports,
      name: 'leveret-spans',
    });
    this.#thread.on('error', fatal);
    this.#thread.on('message', (entries: FromExporter) => logger.pass(entries));
    this.#ended = once(this.#thread, 'exit');
  }

  /** Workers have ended: nothing more is told. */
  async close(): Promise<void> {
    await within(END_MS, this.#ended);
    await this.#thread.terminate();
  }

  /** A defect ends the broker. */
  async fail(): Promise<void> {
    await this.#thread.terminate();
  }
}
