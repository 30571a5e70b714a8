/**
 * Nodes of a cluster as three processes over three real servers: the leader is killed under a publisher and a consumer,
 * again and again. Nothing that was confirmed is lost, and nothing comes twice unless it is marked as redelivered.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Broker } from '../../support/broker.js';
import { confirmed, PERSISTENT } from '../../support/kept-data.js';
import { RawClient } from '../../support/raw-client.js';
import { deferred } from '../../support/waiting.js';
import { brokerOf, MemberProcesses } from '../support/member-processes.js';
import { NatsServers } from '../support/nats-servers.js';

const ROUNDS = Number(process.env.LEVERET_ROUNDS ?? 3);
const NAMES = ['a', 'b', 'c'];

let servers: NatsServers;
let members: MemberProcesses;
beforeAll(async () => {
  servers = await NatsServers.start();
  members = new MemberProcesses(servers);
});
afterAll(async () => {
  await members.endAll();
  await servers.end();
});

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
  for (const name of NAMES) await members.start(name);
  let leader = await members.leaders.next('a leader');
  for (let round = 0; round < ROUNDS; round++) {
    const enough = deferred<void>();
    const ends = [publish(brokerOf(leader), enough.resolve), consume(brokerOf(leader), () => false)].map((work) =>
      work.catch((error: Error) => error),
    );
    await Promise.race([enough.promise, Promise.all(ends)]);
    await members.end(leader.name);
    await Promise.all(ends);
    const gone = leader.name;
    leader = await members.leaders.next('the next leader');
    expect(leader.name).not.toBe(gone);
    await members.start(gone);
  }
  const isAll = (): boolean => [...known].every((body) => delivered.has(body));
  if (!isAll()) await consume(brokerOf(leader), isAll);
  process.stdout.write(`${known.size} confirmed of ${sent}, ${delivered.size} delivered\n`);
  expect([...known].filter((body) => !delivered.has(body))).toEqual([]);
  expect([...firsts].filter(([, times]) => times > 1)).toEqual([]);
  expect(known.size).toBeGreaterThan(ROUNDS * 200);
});
