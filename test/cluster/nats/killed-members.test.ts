/**
 * Nodes of a cluster as three processes over three real servers: the leader is killed under a publisher and a consumer,
 * again and again. Nothing that was confirmed is lost, and nothing comes twice unless it is marked as redelivered.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Broker } from '../../support/broker.js';
import { confirmed, PERSISTENT } from '../../support/kept-data.js';
import { RawClient } from '../../support/raw-client.js';
import { deferred, Inbox } from '../../support/waiting.js';
import { NatsServers, SYSTEM, USER } from '../support/nats-servers.js';

const PROGRAM = fileURLToPath(new URL('../support/member-process.mjs', import.meta.url));
const ROUNDS = Number(process.env.LEVERET_ROUNDS ?? 3);
const NAMES = ['a', 'b', 'c'];

interface Leader {
  readonly name: string;
  readonly port: number;
}

let servers: NatsServers;
const folder = mkdtempSync(join(tmpdir(), 'leveret-members-'));
const processes = new Map<string, ChildProcess>();
const leaders = new Inbox<Leader>();

beforeAll(async () => {
  servers = await NatsServers.start();
});
afterAll(async () => {
  for (const name of NAMES) await kill(name);
  await servers.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves when it follows. */
async function start(name: string): Promise<void> {
  const { addresses } = servers;
  const nats = { servers: addresses, login: USER, system: SYSTEM, stream: 'LOG', node: name, octetsMax: 256 << 20 };
  const told = JSON.stringify({ nats, directory: join(folder, name) });
  const child = spawn(process.execPath, [PROGRAM, told], { stdio: ['ignore', 'pipe', 'inherit'] });
  processes.set(name, child);
  const follows = deferred<void>();
  child.once('exit', () => follows.reject(new Error(`${name} has ended`)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { kind: string; port?: number | null; message?: string };
    if (said.kind === 'follows') follows.resolve();
    else if (said.kind === 'line') process.stdout.write(`${name}: ${said.message}\n`);
    else if (said.kind === 'running' && said.port != null) leaders.push({ name, port: said.port });
  });
  await follows.promise;
}

async function kill(name: string): Promise<void> {
  const child = processes.get(name);
  processes.delete(name);
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test(`nothing confirmed is lost when ${ROUNDS} leaders are killed`, { timeout: 600_000 }, async () => {
  let sent = 0;
  const known = new Set<string>();
  const firsts = new Map<string, number>();
  const delivered = new Set<string>();

  /** Both end when the leader is gone. */
  const publish = async (broker: Broker, enough: () => void): Promise<void> => {
    const channel = await (await RawClient.open(broker)).openChannel();
    await channel.call('queue.declare', { queue: 'q', durable: true });
    await channel.call('confirm.select');
    for (let count = 0; ; count += 10) {
      const bodies = Array.from({ length: 10 }, () => `${sent++}`);
      for (const body of bodies) channel.publish('', 'q', body, { properties: PERSISTENT });
      await confirmed(channel, count + 10);
      for (const body of bodies) known.add(body);
      if (count >= 200) enough();
    }
  };
  const consume = async (broker: Broker, isEnough: () => boolean): Promise<void> => {
    const channel = await (await RawClient.open(broker)).openChannel();
    await channel.call('queue.declare', { queue: 'q', durable: true });
    await channel.call('basic.qos', { prefetchCount: 20, global: false });
    await channel.consume('q');
    while (!isEnough()) {
      const [message] = await channel.deliver(1);
      if (message === undefined) throw new Error('no message');
      const body = message.body.toString();
      delivered.add(body);
      if (!message.redelivered) firsts.set(body, (firsts.get(body) ?? 0) + 1);
      channel.send('basic.ack', { deliveryTag: message.deliveryTag, multiple: false });
    }
  };
  const brokerOf = ({ port }: Leader): Broker =>
    new Broker(`amqp://127.0.0.1:${port}`, null, new Promise(() => undefined));

  for (const name of NAMES) await start(name);
  let leader = await leaders.next('a leader');
  for (let round = 0; round < ROUNDS; round++) {
    const enough = deferred<void>();
    const ends = [publish(brokerOf(leader), enough.resolve), consume(brokerOf(leader), () => false)].map((work) =>
      work.catch((error: Error) => error),
    );
    await Promise.race([enough.promise, Promise.all(ends)]);
    await kill(leader.name);
    await Promise.all(ends);
    const gone = leader.name;
    leader = await leaders.next('the next leader');
    expect(leader.name).not.toBe(gone);
    await start(gone);
  }
  const isAll = (): boolean => [...known].every((body) => delivered.has(body));
  if (!isAll()) await consume(brokerOf(leader), isAll);
  process.stdout.write(`${known.size} confirmed of ${sent}, ${delivered.size} delivered\n`);
  expect([...known].filter((body) => !delivered.has(body))).toEqual([]);
  expect([...firsts].filter(([, times]) => times > 1)).toEqual([]);
  expect(known.size).toBeGreaterThan(ROUNDS * 200);
});
