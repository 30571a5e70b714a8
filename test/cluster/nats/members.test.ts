/**
 * Nodes of a cluster as three processes over three real servers, none of which is killed: the leader is frozen, ends in
 * order, and the server that leads the stream is lost. What was confirmed is there at whoever leads then.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirmed, drain, open, PERSISTENT } from '../../support/kept-data.js';
import { RawClient } from '../../support/raw-client.js';
import { brokerOf, type Leader, MemberProcesses } from '../support/member-processes.js';
import { NatsServers } from '../support/nats-servers.js';

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

test('whoever leads has what was confirmed', async () => {
  let last = 0;
  const sent: string[] = [];
  const publish = async (leader: Leader): Promise<void> => {
    const channel = await open(brokerOf(leader));
    await channel.call('queue.declare', { queue: 'q', durable: true });
    await channel.call('confirm.select');
    const bodies = Array.from({ length: 50 }, () => `${last++}`);
    for (const body of bodies) channel.publish('', 'q', body, { properties: PERSISTENT });
    await confirmed(channel, bodies.length);
    sent.push(...bodies);
  };
  const isStandby = async (name: string): Promise<void> => {
    while ((await members.standbys.next(`${name} to follow`)) !== name);
  };

  await members.start('a');
  const first = await members.leaders.next('a leader');
  for (const name of NAMES.slice(1)) {
    await members.start(name);
    await isStandby(name);
  }
  await publish(first);

  // A leader that does not know what time it is: its clients are told when it does.
  const client = await RawClient.open(brokerOf(first));
  members.freeze(first.name);
  const second = await members.leaders.next('the next leader');
  expect(second.name).not.toBe(first.name);
  await publish(second);
  members.thaw(first.name);
  expect((await client.failure()).replyCode).toBe(320);
  await isStandby(first.name);

  // A server of the stream is gone: whoever leads goes on, or another one does where that takes long.
  await servers.kill(0);
  for (let wasTaken = false; !wasTaken; ) {
    wasTaken = await publish(members.serving ?? second).then(
      () => true,
      () => new Promise((resolve) => setTimeout(resolve, 100, false)),
    );
  }
  servers.startOne(0);
  await servers.ready();

  const before = members.serving ?? second;
  expect(await members.end(before.name, 'SIGTERM')).toBe(0);
  let third = await members.leaders.next('a leader behind one that has ended');
  while (third.name === before.name) third = await members.leaders.next('a leader behind one that has ended');
  await publish(third);
  const all = await drain(await open(brokerOf(third)), 'q');
  // What was not confirmed may be there as well.
  const confirmedOnes = new Set(sent);
  expect(all.map(([body]) => body).filter((body) => confirmedOnes.has(body))).toEqual(sent);
});
