/**
 * Brokers in this process that lead a cluster over a stream in memory: what one has confirmed, another one's directory
 * has when the first is gone, in order and as redelivered; what was acknowledged is not there.
 */
import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { MemoryPresences } from '../../../dist/cluster/protocol/memory-presence.js';
import { followInDirectory } from '../../../dist/cluster/replica/standby-directory.js';
import { Replicator } from '../../../dist/cluster/replicator/replicator.js';
import { MemoryStream } from '../../../dist/cluster/stream/memory-stream.js';
import { LogLevels } from '../../../dist/logging/levels.js';
import { Logger } from '../../../dist/logging/logger.js';
import { openBroker, type RunningBroker } from '../../../dist/node/broker.js';
import { resolveOptions } from '../../../dist/node/options.js';
import { ProgramEvents } from '../../../dist/node/program-events.js';
import { systemClock } from '../../../dist/platform/clock.js';
import { CpuClaims } from '../../../dist/platform/cpus/cpu-claims.js';
import { randomFrom } from '../../store/support/simulated.js';
import { Broker, isReferee } from '../../support/broker.js';
import { afterwards, cleanUp, confirmed, directory, drain, open, PERSISTENT } from '../../support/kept-data.js';
import { deferred, PATIENCE_MS, within } from '../../support/waiting.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);

interface Node {
  readonly replicator: Replicator;
  readonly leads: Promise<unknown>;
}

async function node(name: string, path: string, stream: MemoryStream, presences: MemoryPresences): Promise<Node> {
  const replica = await followInDirectory({
    directory: path,
    skipUnreadable: false,
    dropUnknownQueues: false,
    clock: systemClock,
    report: () => undefined,
    isTight: () => false,
    observer: { onFailed: (error) => leads.reject(error), onTrouble: () => undefined },
  });
  const leads = deferred<unknown>();
  const replicator = new Replicator({
    name,
    stream: stream.connect(name),
    clock: systemClock,
    random: stream.random,
    replica,
    presence: presences.connect(name),
    version: '0',
    address: null,
    observer: {
      onLead: (epoch) => leads.resolve(epoch),
      onHold: () => undefined,
      onCertain: () => undefined,
      onHandOver: (ready) => ready(),
      onRole: () => undefined,
      onTrouble: () => undefined,
    },
  });
  return { replicator, leads: leads.promise };
}

/** As the broker's own thread starts them. */
function threads(workers: number) {
  const idle = Array.from({ length: workers }, () => {
    const { port1, port2 } = new MessageChannel();
    const file = new URL('../../../dist/worker/worker-thread.js', import.meta.url);
    return { thread: new Worker(file, { workerData: port2, transferList: [port2] }), setup: port1 };
  });
  return { workers: idle, management: null };
}

async function serve(path: string, workers: number, engine: 'wasm' | 'js', replicator: Replicator) {
  const options = resolveOptions({
    engine,
    workers,
    memory: 256 << 20,
    host: '127.0.0.1',
    port: 0,
    data: { directory: path },
  });
  const around = {
    cpus: new CpuClaims(),
    events: new ProgramEvents(() => undefined),
    logger: new Logger(new LogLevels(), () => undefined),
  };
  const running: RunningBroker = await openBroker(options, null, threads(options.workers), around, replicator);
  const [bound] = running.started.listeners;
  const url = `amqp://127.0.0.1:${(bound as { port: number }).port}`;
  return { running, broker: new Broker(url, null, new Promise(() => undefined)) };
}

describe.skipIf(isReferee)('a broker that leads', () => {
  cleanUp();

  test.each([
    ['wasm', 1],
    ['wasm', 2],
    ['js', 1],
    ['js', 2],
  ] as const)(
    '%s, %i workers: another one has what it confirmed',
    { timeout: 3 * PATIENCE_MS },
    async (engine, workers) => {
      process.stdout.write(`a leader that goes, seed ${SEED}\n`);
      const random = randomFrom(SEED);
      const stream = new MemoryStream({ clock: systemClock, random });
      const presences = new MemoryPresences(systemClock, 1);
      const [here, there] = [directory(), directory()];
      const first = await node('a', here, stream, presences);
      await within(PATIENCE_MS, 'the first leader', first.leads);
      const second = await node('b', there, stream, presences);
      const leader = await serve(here, workers, engine, first.replicator);
      const channel = await open(leader.broker);
      await channel.call('queue.declare', { queue: 'q', durable: true });
      await channel.call('confirm.select');
      const count = 200;
      for (let at = 0; at < count; at++) channel.publish('', 'q', `${at}`, { properties: PERSISTENT });
      await confirmed(channel, count);
      const taken = Math.floor(random() * 50);
      for (let at = 0; at < taken; at++) expect((await channel.get('q', true))?.body.toString()).toBe(`${at}`);
      // What was acknowledged before is certain with this.
      channel.publish('', 'q', `${count}`, { properties: PERSISTENT });
      await confirmed(channel, count + 1);
      await first.replicator.stop(true);
      await within(PATIENCE_MS, 'the second leader', second.leads);
      await leader.running.fail();
      const next = await serve(there, workers, engine, second.replicator);
      afterwards(() => next.running.close());
      const left = await drain(await open(next.broker), 'q');
      const expected = Array.from({ length: count + 1 - taken }, (_, at) => [`${taken + at}`, true]);
      expect(left).toEqual(expected);
    },
  );
});
