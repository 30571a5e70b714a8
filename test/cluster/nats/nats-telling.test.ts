/** Nodes tell each other of themselves over real servers, and go on when the one that they are connected to dies. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { MemberStatus } from '../../../src/cluster/protocol/presence.js';
import { ToldPresence } from '../../../src/cluster/protocol/told-presence.js';
import { openNatsTelling } from '../../../src/cluster/stream/nats/nats-telling.js';
import { within } from '../../support/waiting.js';
import { NatsServers, USER } from '../support/nats-servers.js';

let servers: NatsServers;
beforeAll(async () => {
  servers = await NatsServers.start();
}, 120_000);
afterAll(() => servers.end());

const STATUS: Omit<MemberStatus, 'name' | 'applied'> = {
  version: '1',
  address: null,
  state: 'standby',
  epoch: 1,
  read: 1,
  trouble: null,
};

async function join(name: string): Promise<ToldPresence> {
  const options = { servers: servers.addresses, login: USER, stream: 'LOG', node: name };
  const presence = new ToldPresence(await openNatsTelling(options), () => {});
  onTestFinished(() => presence.close());
  return presence;
}

test('each hears all others, while servers die and come back', async () => {
  const names = ['a', 'b', 'c'];
  const presences = await Promise.all(names.map(join));
  const heard = presences.map(() => new Map<string, number>());
  const waiting = new Set<() => void>();
  presences.forEach((presence, index) => {
    presence.onStatus(({ name, applied }) => {
      heard[index]?.set(name, applied);
      for (const look of waiting) look();
    });
  });
  let round = 0;
  const telling = setInterval(() => {
    for (const [index, name] of names.entries()) presences[index]?.publish({ ...STATUS, name, applied: round });
  }, 50);
  onTestFinished(() => clearInterval(telling));
  const all = (what: string) =>
    within(
      60_000,
      what,
      new Promise<void>((resolve) => {
        round += 1;
        const look = () => {
          if (!heard.every((one) => names.every((name) => one.get(name) === round))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      }),
    );
  await all('all hear all');
  for (let index = 0; index < names.length; index++) {
    await servers.kill(index);
    await all(`all hear all without server ${index}`);
    servers.startOne(index);
    await servers.ready();
  }
  expect(round).toBe(4);
});
