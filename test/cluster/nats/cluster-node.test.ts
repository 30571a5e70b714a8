/**
 * Nodes of a cluster over three real servers: one leads, and when it is gone another one does, with all that was
 * confirmed; a server that is killed is no more than a pause.
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ClusterNode } from '../../../src/cluster/protocol/cluster-node.js';
import { ToldPresence } from '../../../src/cluster/protocol/told-presence.js';
import { RecordKind } from '../../../src/cluster/records/record-layout.js';
import type { LogStream } from '../../../src/cluster/stream/log-stream.js';
import { openNatsStream } from '../../../src/cluster/stream/nats/nats-open.js';
import { openNatsTelling } from '../../../src/cluster/stream/nats/nats-telling.js';
import { systemClock } from '../../../src/platform/clock.js';
import { within } from '../../support/waiting.js';
import { knownInfo } from '../support/answers.js';
import { MemoryStore } from '../support/memory-store.js';
import { NatsServers, SYSTEM, USER } from '../support/nats-servers.js';

let servers: NatsServers;
beforeAll(async () => {
  servers = await NatsServers.start();
}, 120_000);
afterAll(() => servers.end());

/** Looked at when anything has changed. */
const watchers = new Set<() => void>();
const changed = () => {
  for (const look of [...watchers]) look();
};

function until(what: string, isSo: () => boolean): Promise<void> {
  const so = new Promise<void>((resolve) => {
    const look = () => {
      if (!isSo()) return;
      watchers.delete(look);
      resolve();
    };
    watchers.add(look);
    look();
  });
  return within(90_000, what, so);
}

class Seat {
  readonly node: ClusterNode;
  readonly confirmed: string[] = [];
  told = 0;

  constructor(
    readonly name: string,
    readonly stream: LogStream,
    presence: ToldPresence,
    readonly store = new MemoryStore(systemClock),
  ) {
    store.onChange = changed;
    this.node = new ClusterNode({
      name,
      stream,
      clock: systemClock,
      random: Math.random,
      store,
      presence,
      version: '1',
      address: null,
      observer: {
        onRole: changed,
        onLead: changed,
        onHold: changed,
        onCertain: () => {},
        onDrain: () => {},
        onHandOver: (ready) => ready(),
        onTrouble: () => {},
      },
    });
  }

  static async open(name: string): Promise<Seat> {
    const options = { servers: servers.addresses, login: USER, stream: 'LOG', node: name };
    const stream = await openNatsStream({ ...options, system: SYSTEM, octetsMax: 256 << 20 });
    const presence = new ToldPresence(await openNatsTelling(options), () => {});
    const seat = new Seat(name, stream, presence);
    onTestFinished(async () => {
      await seat.end();
      presence.close();
    });
    return seat;
  }

  get serves(): boolean {
    return this.node.role.kind === 'leader' && this.node.role.serves;
  }

  get texts(): string[] {
    const records = this.store.portions.flatMap((portion) => portion.records);
    return records
      .filter(({ kind }) => kind === RecordKind.DEFINITIONS)
      .map(({ body }) => Buffer.from(body).toString());
  }

  append(text: string): void {
    this.node.append(RecordKind.DEFINITIONS, [Buffer.from(text)], ({ kind }) => {
      this.told += 1;
      if (kind === 'certain') this.confirmed.push(text);
      changed();
    });
  }

  async end(): Promise<void> {
    this.node.stop();
    await this.stream.close();
  }
}

test('one leads; when it is gone, hands over, or a server dies, what was confirmed stays', async () => {
  const seats = await Promise.all(['a', 'b', 'c', 'd'].map((name) => Seat.open(name)));
  const confirmed: string[] = [];
  const leading = async (what: string) => {
    await until(what, () => seats.some(({ serves }) => serves));
    const leader = seats.find(({ serves }) => serves);
    if (leader === undefined) throw new Error('none serves');
    return leader;
  };
  const write = async (leader: Seat, tag: string) => {
    const told = leader.told;
    const from = leader.confirmed.length;
    for (let index = 0; index < 500; index++) leader.append(`${tag} ${index} ${'x'.repeat(1000)}`);
    await until(`of ${tag} all is told`, () => leader.told === told + 500);
    confirmed.push(...leader.confirmed.slice(from));
    // Who was deposed meanwhile is made anew by whoever has it.
    if (leader.node.role.kind === 'deposed') seats.splice(seats.indexOf(leader), 1);
  };
  let leader = await leading('one leads');
  await write(leader, 'first');

  const { leader: server } = await knownInfo(leader.stream);
  const killed = servers.indexOf(server ?? '');
  await servers.kill(killed);
  await knownInfo(leader.stream);
  leader = await leading('one leads without a server');
  await write(leader, 'without a server');
  servers.startOne(killed);
  await servers.ready();

  leader = await leading('one leads with all servers');
  expect(leader.node.stepDown(null)).toBe(true);
  const before = leader;
  await until('it has handed over', () => !before.serves);
  seats.splice(seats.indexOf(before), 1);
  leader = await leading('another one leads');
  await write(leader, 'handed over');

  await leader.end();
  seats.splice(seats.indexOf(leader), 1);
  leader = await leading('the last one leads');
  const texts = leader.texts.filter((text) => confirmed.includes(text));
  expect(texts).toEqual(confirmed);
  await write(leader, 'the last');
});
