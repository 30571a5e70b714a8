/**
 * Brokers with a data directory, for tests of what outlasts them. What must hold: directories and brokers of a test are
 * gone when it is over, in the reverse order of their making.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Broker, type BrokerOptions, startBroker } from './broker.js';
import type { RawChannel } from './raw-channel.js';
import { RawClient } from './raw-client.js';

export const PERSISTENT = { deliveryMode: 2 };

/** Undone at the end of the test that makes it, the last first. */
const undo: (() => Promise<unknown> | unknown)[] = [];
export function afterwards(step: () => Promise<unknown> | unknown): void {
  undo.push(step);
}

/** To be called in the file's outermost `describe`. */
export function cleanUp(): void {
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
}

export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'leveret-data-'));
  afterwards(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function start(data: string, options: BrokerOptions = {}): Promise<Broker> {
  const broker = await startBroker({ data, ...options });
  afterwards(() => broker.stop('SIGKILL'));
  return broker;
}

export async function open(broker: Broker): Promise<RawChannel> {
  return (await RawClient.open(broker)).openChannel();
}

/** Resolves when the publishes of a channel up to the one with this number are confirmed. */
export async function confirmed(channel: RawChannel, last: number): Promise<void> {
  for (let through = 0; through < last; ) through = Number((await channel.confirms.next('the confirms')).deliveryTag);
}

/** Gets and acknowledges all that a queue has: bodies, and whether they were redelivered. */
export async function drain(channel: RawChannel, queue: string): Promise<[string, boolean][]> {
  const all: [string, boolean][] = [];
  for (let got = await channel.get(queue, true); got !== null; got = await channel.get(queue, true)) {
    all.push([got.body.toString(), got.redelivered]);
  }
  return all;
}
