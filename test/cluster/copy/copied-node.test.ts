/**
 * A node's directory is made from that of another one while a broker leads and serves: the node follows on from there,
 * and has what the others have.
 */
import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CopyNodeOptions, copyNode } from '../../../dist/cluster/copy/copy-node.js';
import { CopySource } from '../../../dist/cluster/copy/copy-source.js';
import { MemoryPresences } from '../../../dist/cluster/protocol/memory-presence.js';
import { MemoryStream } from '../../../dist/cluster/stream/memory-stream.js';
import { machineClock } from '../../../dist/platform/machine-clock.js';
import { openData } from '../../../dist/store/open-data.js';
import { idOf } from '../../../dist/store/queue-numbers.js';
import { recoveredQueues } from '../../store/support/messages.js';
import { randomFrom } from '../../store/support/simulated.js';
import { isReferee } from '../../support/broker.js';
import { cleanUp, confirmed, directory, open, PERSISTENT } from '../../support/kept-data.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { deferred, eventually, PATIENCE_MS, within } from '../../support/waiting.js';
import { type BrokerNode, follow, serve } from '../support/broker-node.js';
import { MemoryAsking } from '../support/memory-asking.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const QUEUES = ['q', 'r'];

/** Publishes and takes, some at a time, until it is told to end: what is left is in `waiting`. */
class Load {
  readonly waiting = new Map(QUEUES.map((queue): [string, string[]] => [queue, []]));
  readonly #channel: RawChannel;
  readonly #random: () => number;
  #published = 0;
  #hasEnded = false;
  #onPublished: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly done: Promise<void>;

  constructor(channel: RawChannel, random: () => number) {
    this.#channel = channel;
    this.#random = random;
    this.done = this.#run();
    this.done.catch(() => undefined);
  }

  end(): Promise<void> {
    this.#hasEnded = true;
    return within(PATIENCE_MS, 'the end of the load', this.done);
  }

  /** Resolves when so many more are confirmed. */
  more(count: number): Promise<void> {
    const { promise, resolve } = deferred<void>();
    this.#onPublished.push({ count: this.#published + count, resolve: () => resolve() });
    return within(PATIENCE_MS, `${count} more confirms`, Promise.race([promise, this.done]));
  }

  async #run(): Promise<void> {
    while (!this.#hasEnded) await this.#round();
    // What was taken before is certain with what is confirmed behind it.
    await this.#round(1);
  }

  async #round(taking = 0): Promise<void> {
    for (const [queue, waiting] of this.waiting) {
      const taken = taking > 0 ? 0 : Math.floor(this.#random() * 20);
      for (let i = 0; i < taken && waiting.length > 0; i++)
        expect((await this.#channel.get(queue, true))?.body.toString()).toBe(waiting.shift());
      const count = 1 + Math.floor(this.#random() * 20);
      for (let i = 0; i < count; i++) {
        const body = `${this.#published++} ${'.'.repeat(Math.floor(this.#random() * 2000))}`;
        this.#channel.publish('', queue, body, { properties: PERSISTENT });
        waiting.push(body);
      }
    }
    await confirmed(this.#channel, this.#published);
    for (const { count, resolve } of this.#onPublished) if (count <= this.#published) resolve();
  }
}

/** What a node's directory has, by queue. */
async function heldAt(path: string): Promise<Map<string, string[]>> {
  const lines: string[] = [];
  const { data, definitions, log } = await openData({
    directory: path,
    durability: 'fsync',
    skipUnreadable: false,
    dropUnknownQueues: false,
    isMember: true,
    follows: true,
    report: (line) => lines.push(line),
    isTight: () => false,
    onHealth: () => undefined,
  });
  const names = new Map(definitions.list('queue').map(({ id, name }) => [id, name]));
  const queues = await recoveredQueues(log);
  await log.abandon(false);
  await definitions.close();
  data.close();
  expect(lines).toEqual([]);
  return new Map(
    [...queues].map(([queue, entries]): [string, string[]] => [
      names.get(idOf(queue)) ?? '',
      entries.map(({ body }) => body),
    ]),
  );
}

function applied({ node }: BrokerNode, sequence: number): Promise<unknown> {
  return eventually(
    `all up to ${sequence}`,
    async () => node.status.applied,
    (now) => now >= sequence,
  );
}

describe.skipIf(isReferee)('a node that is made from another one', () => {
  cleanUp();

  test.each([
    ['the leader', 'wasm', 2],
    ['a standby', 'js', 1],
  ] as const)(
    '%s is copied under load (%s, %i workers)',
    { timeout: 4 * PATIENCE_MS },
    async (from, engine, workers) => {
      process.stdout.write(`a node that is copied, LEVERET_SEED=${SEED}\n`);
      const random = randomFrom(SEED);
      const stream = new MemoryStream({ clock: machineClock, random });
      const presences = new MemoryPresences(machineClock, 1);
      const [here, there, fresh] = [directory(), directory(), directory()];
      const leader = await follow('a', here, stream, presences);
      await within(PATIENCE_MS, 'the leader', leader.leads);
      const standby = await follow('b', there, stream, presences);
      const late = await follow('c', fresh, stream, presences);
      const { running, broker } = await serve(here, workers, engine, leader);
      const asking = new MemoryAsking();
      const shown = running.openView;
      const sources = [
        new CopySource(asking.of('a'), async () => shown() ?? Promise.reject(new Error('nothing')), machineClock),
        new CopySource(asking.of('b'), () => standby.replica.openView(), machineClock),
      ];
      const channel = await open(broker);
      for (const queue of QUEUES) await channel.call('queue.declare', { queue, durable: true });
      await channel.call('confirm.select');
      const load = new Load(channel, random);
      await load.more(100);
      // It has followed for a while, and was away then.
      await late.node.stop();
      await load.more(100);
      const options: CopyNodeOptions = {
        directory: fresh,
        name: 'c',
        members: [
          { name: 'a', state: 'leader', applied: from === 'the leader' ? 1001 : 1000 },
          { name: 'b', state: 'standby', applied: 1000 },
          { name: 'd', state: 'standby', applied: 2000 },
        ],
        asking: asking.of('c'),
        clock: machineClock,
        atLeast: 2,
        report: (line) => told.push(line),
        limits: { portion: 32 << 10, pauseMs: 0 },
      };
      const told: string[] = [];
      const { source, position } = await within(PATIENCE_MS, 'the copy', copyNode(options));
      expect(source).toBe(from === 'the leader' ? 'a' : 'b');
      expect(told).toEqual([expect.stringContaining('the files of d cannot be copied: it gives no answer')]);
      expect((await readdir(fresh)).sort()).toEqual(['cluster-id', 'definitions', 'format.json', 'lock', 'log']);
      expect(sources.map(({ copies }) => copies)).toEqual([0, 0]);

      const again = await follow('c', fresh, stream, presences);
      expect(again.replica.position.sequence).toBe(position.sequence);
      await load.more(100);
      await load.end();
      const { read } = leader.node.status;
      await Promise.all([applied(standby, read), applied(again, read)]);
      await Promise.all([standby.node.stop(), again.node.stop()]);
      await running.close();
      expect(await heldAt(there)).toEqual(load.waiting);
      expect(await heldAt(fresh)).toEqual(load.waiting);
    },
  );

  test('what cannot be opened takes no place, and what was there stays', { timeout: 2 * PATIENCE_MS }, async () => {
    const stream = new MemoryStream({ clock: machineClock, random: randomFrom(SEED) });
    const presences = new MemoryPresences(machineClock, 1);
    const [here, fresh] = [directory(), directory()];
    const only = await follow('a', here, stream, presences);
    await within(PATIENCE_MS, 'the leader', only.leads);
    const late = await follow('c', fresh, stream, presences);
    const { running } = await serve(here, 1, 'js', only);
    await applied(late, 2);
    await late.node.stop();
    const asking = new MemoryAsking();
    const source = new CopySource(
      asking.of('a'),
      async () => {
        const view = await (running.openView() ?? Promise.reject(new Error('nothing')));
        // Definitions of a version that this one does not know.
        const index = view.files.findIndex(({ name }) => name === 'definitions.json');
        const read = view.read.bind(view);
        const wrong = (octets: Uint8Array | null) => octets && Buffer.from(octets).fill('x', 0, 1);
        view.read = async (file, at, octets) =>
          file === index ? wrong(await read(file, at, octets)) : read(file, at, octets);
        return view;
      },
      machineClock,
    );
    const before = await heldAt(fresh);
    writeFileSync(join(fresh, 'here'), '');
    const copy = copyNode({
      directory: fresh,
      name: 'c',
      members: [{ name: 'a', state: 'leader', applied: 5 }],
      asking: asking.of('c'),
      clock: machineClock,
      atLeast: 0,
      report: () => undefined,
    });
    await expect(copy).rejects.toThrow('the files of a cannot be copied: the copy cannot be opened');
    expect((await readdir(fresh)).sort()).toEqual(['cluster-id', 'definitions', 'format.json', 'here', 'lock', 'log']);
    expect(await heldAt(fresh)).toEqual(before);
    expect(source.copies).toBe(0);
    const nobody = copyNode({
      directory: fresh,
      name: 'c',
      members: [{ name: 'a', state: 'leader', applied: 5 }],
      asking: asking.of('c'),
      clock: machineClock,
      atLeast: 6,
      report: () => undefined,
    });
    await expect(nobody).rejects.toThrow('no node is heard of that has all up to 6');
    await running.close();
  });
});
