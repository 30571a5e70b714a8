/**
 * A broker that is killed, again and again, while it moves messages from one queue to another for an operator. What must
 * hold: at the end each message is in one of the two, once, and in its order; the move goes on by itself and comes to its
 * end; one of so many messages never moves more.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../store/support/simulated.js';
import { type Broker, isReferee } from '../support/broker.js';
import { cleanUp, directory, start } from '../support/kept-data.js';
import { eventually } from '../support/waiting.js';

const ROUNDS = Number(process.env.LEVERET_ROUNDS ?? 3);
const MESSAGES = 4_000;
/** Priorities go from 0 to it. */
const HIGHEST = 2;

interface Move {
  readonly id: string;
  readonly state: string;
  readonly moved: number;
  readonly passed: number;
}

/** What is asked of the broker that is killed comes from its control socket. */
class Operator {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  moves(): Promise<readonly Move[]> {
    return this.#ask('GET', '/leveret/moves');
  }

  move(body: object): Promise<Move> {
    return this.#ask('POST', '/queues/%2F/from/move', body);
  }

  /** Resolves when the move that runs, if one does, has come so far, or is over. */
  async progress(moved: number): Promise<Move | undefined> {
    const [move] = await eventually(
      `the move of ${moved} messages`,
      async () => (await this.moves()).filter(isUnderWay),
      ([one]) => one === undefined || one.moved >= moved,
    );
    return move;
  }

  /** Resolves with all moves when none is under way; fails when one does not go on. */
  async end(where: string): Promise<readonly Move[]> {
    for (let far = -1; ; ) {
      const all = await eventually(
        `a move to go on (${where}): it has looked at ${far} messages`,
        () => this.moves(),
        (now) => !now.some(isUnderWay) || lookedAt(now) > far,
      );
      if (!all.some(isUnderWay)) return all;
      far = lookedAt(all);
    }
  }

  #ask<T>(method: string, path: string, body?: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.#socketPath, method, path: `/api${path}` }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text) as T);
          else reject(new Error(`${response.statusCode} ${text}`));
        });
      });
      call.on('error', reject);
      call.end(body === undefined ? '' : JSON.stringify(body));
    });
  }
}

const isUnderWay = ({ state }: Move): boolean => state === 'running' || state === 'waiting';
const lookedAt = (moves: readonly Move[]): number => moves.reduce((sum, { moved, passed }) => sum + moved + passed, 0);
const priorityOf = (id: string): number => Number(id.split(':')[1]) % (HIGHEST + 1);

/** Publishes messages that are confirmed; tells their ids in the order in which the queue gives them out. */
async function publish(url: string, round: number): Promise<string[]> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('from', { maxPriority: HIGHEST });
  await channel.assertQueue('to');
  const ids = Array.from({ length: MESSAGES }, (_, i) => `${round}:${i}`);
  for (const id of ids) channel.sendToQueue('from', Buffer.from(id), { persistent: true, priority: priorityOf(id) });
  await channel.waitForConfirms();
  await connection.close();
  return ids.toSorted((one, other) => priorityOf(other) - priorityOf(one));
}

/** Takes all that a queue has, in its order. */
async function drain(url: string, queue: string): Promise<string[]> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const { messageCount } = await channel.checkQueue(queue);
  const ids: string[] = [];
  if (messageCount > 0)
    await new Promise<void>((resolve) =>
      channel.consume(queue, (message) => {
        if (message === null) return;
        ids.push(message.content.toString());
        channel.ack(message);
        if (ids.length === messageCount) resolve();
      }),
    );
  // What was acknowledged is done when this is answered, and there is nothing else.
  expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  await connection.close();
  return ids;
}

describe.skipIf(isReferee)('a broker that is killed while an operator moves messages', () => {
  cleanUp();

  test('has each of them once, in order, and goes on with the move', { timeout: ROUNDS * 30_000 }, async () => {
    const seed = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000);
    console.info(`moving and killing: repeat with LEVERET_SEED=${seed}`);
    const random = randomFrom(seed);
    const data = directory();
    const socket = join(data, 'ctl.sock');
    const operator = new Operator(socket);
    const begin = (engine: string): Promise<Broker> =>
      start(data, { memory: '64M', flags: ['--engine', engine, '--ctl-socket', socket] });
    let broker = await begin('wasm');
    let interrupted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const where = `LEVERET_SEED=${seed}, round ${round}`;
      const ids = await publish(broker.url, round);
      // All, those that match, so many of those.
      const filter: { readonly body?: string } = round % 3 === 0 ? {} : { body: '7' };
      const count = round % 3 === 2 ? 1 + Math.floor(random() * MESSAGES) : null;
      const wanted = ids
        .filter((id) => filter.body === undefined || id.includes(filter.body))
        .slice(0, count ?? MESSAGES);
      await operator.move({ to: { queue: 'to' }, count, filter });
      for (let kills = 1 + Math.floor(random() * 3); kills > 0; kills--) {
        const move = await operator.progress(Math.floor((random() * wanted.length) / kills));
        await broker.stop(random() < 0.85 ? 'SIGKILL' : 'SIGTERM');
        if (move !== undefined) interrupted += 1;
        broker = await begin(random() < 0.5 ? 'wasm' : 'js');
      }
      const ended = await operator.end(where);
      expect(
        ended.filter(({ state }) => state !== 'done'),
        where,
      ).toEqual([]);
      const moved = await drain(broker.url, 'to');
      const left = await drain(broker.url, 'from');
      // After a crash one of so many may move fewer.
      expect(moved, `${where}: moved`).toEqual(count === null ? wanted : wanted.slice(0, moved.length));
      const gone = new Set(moved);
      expect(left, `${where}: left`).toEqual(ids.filter((id) => !gone.has(id)));
    }
    expect(interrupted, 'moves that were under way when the broker was killed').toBeGreaterThan(0);
  });
});
