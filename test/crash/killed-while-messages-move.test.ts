/**
 * Messages that are always on their way while the broker is killed: dead letters that go round between queues, delayed
 * ones that are released, dead letters that stay until they have arrived, a queue with priorities, one that is deleted
 * and declared anew, and acknowledged ones between them, so that copies are made. What must hold: what was confirmed
 * and not acknowledged is there, once (where it stays until it has arrived: at least once); that holds at the second
 * start as at the first.
 */
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../store/support/simulated.js';
import { type Broker, isReferee } from '../support/broker.js';
import { cleanUp, directory, start } from '../support/kept-data.js';
import { Traveller } from './moving-messages.js';

const ROUNDS = Number(process.env.LEVERET_ROUNDS ?? 6);

/** Starts again after an end of either kind; `data` is what it left. */
async function again(broker: Broker, data: string, signal: 'SIGKILL' | 'SIGTERM', engine: string): Promise<Broker> {
  await broker.stop(signal);
  return start(data, { memory: '64M', flags: ['--engine', engine] });
}

function failing(where: string): (error: Error) => never {
  return (error) => expect.fail(`${where}: ${error.message}`);
}

describe.skipIf(isReferee)('a broker that is killed while messages move', () => {
  cleanUp();

  test('has each of them once, at the next start and at the one after it', { timeout: ROUNDS * 30_000 }, async () => {
    const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000);
    const random = randomFrom(seed);
    const data = directory();
    const traveller = new Traveller(random);
    let broker = await start(data, { memory: '64M' });
    for (let round = 0; round < ROUNDS; round++) {
      const where = `LEVERET_SEED=${seed}, round ${round}`;
      const work = await traveller.travel(broker.url);
      await work.during(200 + random() * 600);
      broker = await again(broker, data, random() < 0.8 ? 'SIGKILL' : 'SIGTERM', 'wasm');
      await work.ended();
      await traveller.check(broker.url).catch(failing(where));
      broker = await again(broker, data, random() < 0.5 ? 'SIGKILL' : 'SIGTERM', round % 2 === 0 ? 'js' : 'wasm');
      await traveller.check(broker.url).catch(failing(`${where}, second start`));
    }
    expect(traveller.confirmed, 'messages that were promised').toBeGreaterThan(ROUNDS * 10);
    expect(traveller.moved, 'messages that were moved').toBeGreaterThan(ROUNDS * 10);
    expect((await broker.stop())?.told).toBe('');
  });
});
