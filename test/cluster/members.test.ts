/**
 * Nodes of a cluster as they live, with their directories and brokers, over a stream in memory: the leader hands over,
 * is cut off, ends; what was confirmed is there at the next one, once and in order, and the one that led follows again.
 */
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../store/support/simulated.js';
import { isReferee } from '../support/broker.js';
import { afterwards, cleanUp, confirmed, directory, drain, open, PERSISTENT } from '../support/kept-data.js';
import { eventually, PATIENCE_MS } from '../support/waiting.js';
import { clientsOf } from './support/broker-node.js';
import { MembersInMemory, type Serving } from './support/member-node.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);

describe.skipIf(isReferee)('nodes of a cluster', () => {
  cleanUp();

  test.each([
    ['in this thread', false],
    ['by messages', true],
  ])(
    'one after the other leads, and has what was confirmed: %s',
    { timeout: 5 * PATIENCE_MS },
    async (_, byMessages) => {
      process.stdout.write(`members, seed ${SEED}\n`);
      const cluster = new MembersInMemory(randomFrom(SEED), byMessages);
      afterwards(() => cluster.close());
      await cluster.open('a', directory());
      let leader = await cluster.began.next('a leader');
      for (const name of ['b', 'c']) await cluster.open(name, directory());
      const sent: string[] = [];

      const publish = async ({ running }: Serving): Promise<void> => {
        const channel = await open(clientsOf(running));
        await channel.call('queue.declare', { queue: 'q', durable: true });
        await channel.call('confirm.select');
        for (let count = 0; count < 50; count++) {
          sent.push(`${sent.length}`);
          channel.publish('', 'q', sent.at(-1) ?? '', { properties: PERSISTENT });
        }
        await confirmed(channel, 50);
      };
      const next = async (): Promise<void> => {
        const before = leader.name;
        leader = await cluster.began.next('the next leader');
        expect(leader.name).not.toBe(before);
      };
      const follows = (name: string): Promise<unknown> =>
        eventually(
          `${name} to follow`,
          async () => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            return (await cluster.members.get(name)?.status())?.role.kind;
          },
          (role) => role === 'standby',
        );

      for (const name of ['b', 'c']) await follows(name);
      await publish(leader);

      const first = leader.name;
      expect(await cluster.members.get(first)?.stepDown(null)).toBe(true);
      await next();
      await publish(leader);
      await follows(first);

      const second = leader.name;
      cluster.stream.cutOff(second, 'nobody');
      await next();
      await publish(leader);
      cluster.stream.heal(second);
      await follows(second);

      await cluster.members.get(leader.name)?.stop();
      cluster.members.delete(leader.name);
      await next();
      await publish(leader);

      const leads = cluster.members.get(leader.name);
      const other = [...cluster.members.keys()].find((name) => name !== leader.name) ?? '';
      expect(await leads?.remove('nobody')).toBe(false);
      expect(await leads?.remove(other)).toBe(true);

      const all = await drain(await open(clientsOf(leader.running)), 'q');
      expect(all.map(([body]) => body)).toEqual(sent);
      // The last ones were published here.
      expect(all.map(([, redelivered]) => redelivered)).toEqual(sent.map((_, at) => at < sent.length - 50));
      expect(cluster.lines.filter((line) => line.includes('follows its cluster no more'))).toEqual([]);
    },
  );
});
