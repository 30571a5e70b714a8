/**
 * Clients of a cluster, each of which knows one node alone: they get to whoever leads, lose nothing that was confirmed
 * while leaders come and go, and come in again by their own means. The nodes share a stream in memory.
 */
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { MemoryPresences } from '../../dist/cluster/protocol/memory-presence.js';
import { Replicator } from '../../dist/cluster/replicator/replicator.js';
import { MemoryStream } from '../../dist/cluster/stream/memory-stream.js';
import { Doors } from '../../dist/node/cluster/doors.js';
import { Member } from '../../dist/node/cluster/member.js';
import { machineClock } from '../../dist/platform/machine-clock.js';
import { randomFrom } from '../store/support/simulated.js';
import { isReferee } from '../support/broker.js';
import { dup } from '../support/descriptors.js';
import { afterwards, cleanUp, directory } from '../support/kept-data.js';
import { Inbox, PATIENCE_MS, within } from '../support/waiting.js';
import { around, brokerOptions, threads } from './support/broker-node.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const HOST = '127.0.0.1';
const QUEUE = 'q';
/** Each client's. */
const MESSAGES = 40;

class Nodes {
  readonly stream: MemoryStream;
  readonly #presences = new MemoryPresences(machineClock, 1);
  readonly members = new Map<string, Member>();
  readonly doors = new Map<string, Doors>();
  onBegun: (name: string) => void = () => undefined;
  readonly lines = new Inbox<string>();

  constructor(random: () => number) {
    this.stream = new MemoryStream({ clock: machineClock, random });
  }

  async open(name: string): Promise<void> {
    const report = (line: string) => this.lines.push(`${name}: ${line}`);
    const address = { host: HOST, port: 0 };
    const listeners = [{ kind: 'tcp', host: HOST, port: 0 } as const];
    const doors = await Doors.open({ listeners, proxyProtocolFrom: [], address, dup, report });
    afterwards(() => doors.end());
    this.doors.set(name, doors);
    const options = brokerOptions(directory(), 1, 'wasm');
    if (options.data === null) throw new Error('a member has a data directory');
    const member = await Member.open({
      options: { ...options, data: options.data },
      around: { ...around(report), entrance: doors },
      startThreads: () => threads(1),
      join: async (joining) =>
        new Replicator({
          ...joining,
          name,
          stream: this.stream.connect(name),
          clock: machineClock,
          random: this.stream.random,
          presence: this.#presences.connect(name),
          version: '0',
          address: doors.place,
        }),
      observer: {
        onRole: () => undefined,
        onRunning: (running) => {
          if (running !== null) this.onBegun(name);
        },
      },
    });
    afterwards(() => member.stop());
    this.members.set(name, member);
    doors.follow(() => member.status());
  }

  get #leader(): [string, Member] | undefined {
    return [...this.members].find(([, { running }]) => running !== null);
  }

  stepDown(): void {
    this.#leader?.[1].stepDown(null).catch(() => undefined);
  }

  /** Until another one serves. */
  cutOff(): void {
    const [name] = this.#leader ?? [];
    if (name === undefined) return;
    this.stream.cutOff(name, 'nobody');
    this.onBegun = (other) => {
      if (other !== name) this.stream.heal(name);
    };
  }

  urlOf(name: string): string {
    const [bound] = this.doors.get(name)?.bound ?? [];
    if (bound === undefined || bound.kind === 'unix') throw new Error(`${name} does not listen by TCP`);
    return `amqp://guest:guest@${HOST}:${bound.port}`;
  }
}

/** Publishes with confirms, one at a time, and connects anew whenever its connection is gone. */
async function publish(url: string, client: string, confirmed: Set<string>, onConfirmed: () => void): Promise<void> {
  for (let next = 0; next < MESSAGES; ) {
    let connection: ChannelModel | undefined;
    try {
      connection = await connect(url);
      connection.on('error', () => undefined);
      const gone = new Promise<never>((_, reject) => {
        connection?.once('close', () => reject(new Error('the connection is gone')));
      });
      gone.catch(() => undefined);
      const channel = await Promise.race([connection.createConfirmChannel(), gone]);
      channel.on('error', () => undefined);
      await Promise.race([channel.assertQueue(QUEUE, { durable: true }), gone]);
      for (; next < MESSAGES; next++) {
        const text = `${client}-${next}`;
        await Promise.race([sent(channel, text), gone]);
        confirmed.add(text);
        onConfirmed();
      }
    } catch {
      // The leader has changed; what was on its way is published again.
    } finally {
      await connection?.close().catch(() => undefined);
    }
  }
}

function sent(channel: ConfirmChannel, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.sendToQueue(QUEUE, Buffer.from(text), { persistent: true }, (error) => (error ? reject(error) : resolve()));
  });
}

/** What is in the queue, which is left there; it is looked at anew where the connection goes meanwhile. */
async function messagesAt(url: string): Promise<string[]> {
  for (;;) {
    let connection: ChannelModel | undefined;
    try {
      connection = await connect(url);
      connection.on('error', () => undefined);
      const channel = await connection.createChannel();
      channel.on('error', () => undefined);
      const texts: string[] = [];
      for (;;) {
        const message = await channel.get(QUEUE, { noAck: false });
        if (message === false) return texts;
        texts.push(message.content.toString());
      }
    } catch {
      // The leader has changed.
    } finally {
      await connection?.close().catch(() => undefined);
    }
  }
}

describe.skipIf(isReferee || dup === null)('the doors of nodes of a cluster', () => {
  cleanUp();

  test('clients of each node get to whoever leads, and lose nothing', { timeout: 10 * PATIENCE_MS }, async () => {
    process.stdout.write(`doors, LEVERET_SEED=${SEED}\n`);
    const nodes = new Nodes(randomFrom(SEED));
    for (const name of ['a', 'b', 'c']) await nodes.open(name);
    const confirmed = new Set<string>();
    /** After so many confirms in all something happens to whoever leads; on a busy machine leaders change besides. */
    const events = new Map([
      [MESSAGES, () => nodes.stepDown()],
      [2 * MESSAGES, () => nodes.cutOff()],
    ]);
    const clients = ['a', 'b', 'c'].map((name) =>
      publish(nodes.urlOf(name), name, confirmed, () => events.get(confirmed.size)?.()),
    );
    await within(9 * PATIENCE_MS, 'all clients to be done', Promise.all(clients), () => `${confirmed.size} confirmed`);
    expect(confirmed.size).toBe(3 * MESSAGES);
    for (const name of ['a', 'b', 'c']) expect(new Set(await messagesAt(nodes.urlOf(name)))).toEqual(confirmed);
  });

  test('who is no node gets in nowhere by the way that is for nodes', { timeout: 2 * PATIENCE_MS }, async () => {
    const nodes = new Nodes(randomFrom(SEED));
    await nodes.open('a');
    const { place = '' } = nodes.doors.get('a') ?? {};
    const stranger = connectSocket({ host: HOST, port: Number(place.split(':')[1]), localAddress: '127.0.0.9' });
    stranger.on('error', () => undefined).resume();
    await within(PATIENCE_MS, 'the stranger to be closed', once(stranger, 'close'));
    const line = await nodes.lines.next('a line on the stranger');
    expect(line).toBe('a: 127.0.0.9 is no node of the cluster, and is closed');
  });
});
