/**
 * Where most stories begin: one queue `q`, a client that publishes to it, and one that will consume on its channel 1.
 */
import type { EngineKind, QueueFeatures } from '../../../src/engine/engine.js';
import { Bench, type Client } from './bench.js';
import { publish } from './frames.js';

export const text = (body: string): Buffer => Buffer.from(body);

export async function scenario(kind: EngineKind, mebibytes = 32, features?: Partial<QueueFeatures>) {
  const bench = await Bench.open(kind, { mebibytes });
  const queue = bench.queue('q');
  if (features !== undefined) bench.setFeatures('q', features);
  const publisher = bench.client();
  publisher.open(1);
  const consumer = bench.client();
  const channel = consumer.open(1);
  return { bench, publisher, consumer, channel, engine: bench.engine(), queue };
}

/** A scenario whose queue has features, at a time of its own. */
export async function featuredScenario(kind: EngineKind, features: Partial<QueueFeatures>) {
  const made = await scenario(kind, 32, features);
  made.bench.setTime(1_000_000);
  return made;
}

/** Publishes texts to `q`, in one read. */
export function publishTexts(publisher: Client, ...bodies: readonly string[]): void {
  publisher.feed(Buffer.concat(bodies.map((body) => publish(1, 'q', text(body)))));
}
