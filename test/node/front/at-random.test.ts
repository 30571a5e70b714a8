/**
 * Passing on at random: clients and leaders that write, read slowly, end, break off and change, with a seed. What must
 * hold: what arrives is a beginning of what was sent, in order, and all of it where nobody broke off; everybody's
 * socket is closed in the end; and no client is counted any more.
 */
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ProxyHeader, ProxyHeaderReader } from '../../../src/connection/transport/opening/proxy-header.js';
import { dup } from '../../support/descriptors.js';
import { PATIENCE_MS, within } from '../../support/waiting.js';
import { openLeader, openStandby } from './support.js';

/** What one side does: it writes so many octets in such portions, and pauses its reading now and then. */
interface Side {
  readonly octets: number;
  readonly portion: number;
  readonly pauses: boolean;
  /** It breaks off behind so many octets that it has read; null: it does not. */
  readonly breaksAt: number | null;
}

interface Talk {
  readonly client: Side;
  readonly leader: Side;
}

const side = fc.record<Side>({
  octets: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 1_500_000 })),
  portion: fc.integer({ min: 500, max: 200_000 }),
  pauses: fc.boolean(),
  breaksAt: fc.option(fc.integer({ min: 0, max: 500_000 }), { freq: 4 }),
});
const talks = fc.array(fc.record<Talk>({ client: side, leader: side }), { minLength: 1, maxLength: 12 });
/** After how many clients that have come the leader changes. */
const changes = fc.option(fc.integer({ min: 0, max: 11 }), { freq: 2 });

/** The octet at each place of what a client, or its leader, sends. */
function octetAt(talk: number, place: number): number {
  return (talk * 31 + place * 7 + (place >> 8)) & 255;
}

function octetsOf(talk: number, from: number, length: number): Buffer {
  const octets = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) octets[i] = octetAt(talk, from + i);
  return octets;
}

/** Plays a side on its socket; resolves with what it has read when the socket is closed. */
class Player {
  read = 0;
  isRight = true;
  isBroken = false;
  isEnded = false;
  readonly closed: Promise<void>;

  constructor(
    readonly socket: Socket,
    readonly plays: Side,
    readonly own: number,
    readonly other: number,
  ) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (part) => this.#take(part));
    socket.on('end', () => {
      this.isEnded = true;
    });
    this.#write(0);
  }

  #take(part: Buffer): void {
    for (const [i, octet] of part.entries()) if (octet !== octetAt(this.other, this.read + i)) this.isRight = false;
    this.read += part.length;
    if (this.plays.breaksAt !== null && this.read >= this.plays.breaksAt) {
      this.isBroken = true;
      this.socket.destroy();
    } else if (this.plays.pauses) {
      this.socket.pause();
      setTimeout(() => this.socket.resume(), 2);
    }
  }

  #write(from: number): void {
    if (this.socket.destroyed) return;
    const length = Math.min(this.plays.portion, this.plays.octets - from);
    if (length === 0) this.socket.end();
    else this.socket.write(octetsOf(this.own, from, length), (error) => error ?? this.#write(from + length));
  }
}

test.skipIf(dup === null)('what is passed on arrives in order, and nobody is left hanging', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 31);
  console.log(`LEVERET_SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(talks, changes, async (all, changesAt) => {
      const byPort = new Map<number, Player>();
      const toMeet = new Map<number, number>();
      const take = (socket: Socket): void => {
        const reader = new ProxyHeaderReader();
        const onReadable = (): void => {
          let header: ProxyHeader | null = null;
          while (header === null) {
            const part = socket.read(reader.wanted) as Buffer | null;
            if (part === null) return;
            header = reader.take(part);
          }
          socket.off('readable', onReadable);
          if (header.kind !== 'client') throw new Error(`the header says ${header.kind}`);
          const { port } = header.peer;
          const talk = toMeet.get(port) ?? -1;
          byPort.set(port, new Player(socket, (all[talk] as Talk).leader, 100 + talk, talk));
          socket.resume();
        };
        socket.on('readable', onReadable);
      };
      const leaders = [await openLeader(take), await openLeader(take)] as const;
      const { front, port, close } = await openStandby({ lingerMs: 1000, retryMs: 10 });
      const clients: { readonly player: Player; readonly localPort: number }[] = [];
      for (const [index, talk] of all.entries()) {
        if (index === 1) front.follow({ epoch: 1, host: '127.0.0.1', port: leaders[0].port });
        if (index === changesAt) front.follow({ epoch: 2, host: '127.0.0.1', port: leaders[1].port });
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        socket.on('error', () => {});
        await within(PATIENCE_MS, 'a connection', new Promise((resolve) => socket.once('connect', resolve)));
        const localPort = socket.localPort ?? 0;
        toMeet.set(localPort, index);
        clients.push({ player: new Player(socket, talk.client, index, 100 + index), localPort });
      }
      if (all.length === 1) front.follow({ epoch: 1, host: '127.0.0.1', port: leaders[0].port });
      const closes = clients.map(({ player }) => player.closed);
      await within(PATIENCE_MS, 'all clients to be closed', Promise.all(closes));
      await within(PATIENCE_MS, 'the leader', Promise.all([...byPort.values()].map(({ closed }) => closed)));
      await expect.poll(() => front.counts, { timeout: PATIENCE_MS }).toEqual({ passed: 0, held: 0 });
      for (const [index, { player, localPort }] of clients.entries()) {
        const atLeader = byPort.get(localPort);
        expect(player.isRight).toBe(true);
        expect(atLeader?.isRight ?? true).toBe(true);
        const { client, leader } = all[index] as Talk;
        const isQuiet = changesAt === null && client.breaksAt === null && leader.breaksAt === null;
        if (isQuiet) expect([player.read, atLeader?.read]).toEqual([leader.octets, client.octets]);
      }
      for (const leader of leaders) leader.close();
      await close();
    }),
    { seed, numRuns: 40 },
  );
});
