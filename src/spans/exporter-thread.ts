/**
 * This folder is for OpenTelemetry's spans of messages: what workers tell, and the thread that exports it. It knows
 * nothing of connections and queues.
 *
 * Here that thread starts, which lives for as long as workers have something to tell: nobody waits for it, whatever the
 * receiver does. What must hold: it ends by itself, when the last worker has closed its port and what waits is sent or
 * lost.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { LogLevels } from '../logging/levels.js';
import { type LogEntry, Logger } from '../logging/logger.js';
import { fatal } from '../platform/fatal.js';
import { Exporter, type Exporting } from './exporter.js';
import { LossReport } from './loss-report.js';
import type { Span } from './span.js';
import { SpanCounts } from './span-counts.js';

export interface ExporterSetup {
  readonly exporting: Exporting;
  /** Of each worker. */
  readonly ports: readonly MessagePort[];
  readonly counts: SharedArrayBuffer;
  readonly logLevels: SharedArrayBuffer;
}

/** For the operator's log. */
export type FromExporter = readonly LogEntry[];

if (parentPort === null) throw new Error('this file is for a worker thread');
const broker = parentPort;
const { exporting, ports, counts: shared, logLevels } = workerData as ExporterSetup;
const counts = new SpanCounts(shared);
const logger = new Logger(new LogLevels(logLevels), (entries) => broker.postMessage(entries satisfies FromExporter));
const exporter = new Exporter(exporting, counts, (level, line) => logger.add(level, 'broker', line));
const losses = new LossReport(counts, logger.lines('warning', 'broker'));
let open = ports.length;
for (const port of ports) {
  port.on('message', (spans: readonly Span[]) => exporter.add(spans));
  port.on('close', () => {
    open -= 1;
    if (open === 0) end().catch(fatal);
  });
}

async function end(): Promise<void> {
  await exporter.end();
  losses.end();
  logger.flush();
}
