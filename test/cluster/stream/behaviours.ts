/**
 * What every stream must do, told once and shown of each kind: the one in memory (memory-stream.test.ts), and real
 * servers (test/cluster/nats). Counts and orders are asserted, never times.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { CHAIN_START } from '../../../src/cluster/records/link.js';
import { fenceBody } from '../../../src/cluster/records/record-bodies.js';
import { RecordEncoder } from '../../../src/cluster/records/record-encoder.js';
import { RecordKind } from '../../../src/cluster/records/record-layout.js';
import type { LogStream, Tail } from '../../../src/cluster/stream/log-stream.js';
import type { StreamError } from '../../../src/cluster/stream/stream-error.js';
import { deferred, Inbox } from '../../support/waiting.js';
import { append, fill, knownInfo, moveLeader, purge, read, readRange, text } from '../support/answers.js';
import { LogNode, type Role } from '../support/log-node.js';
import { losesAnswers } from '../support/lossy.js';
import type { Scene, StreamKind } from '../support/scene.js';

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const texts = (from: number, to: number) => numbers(from, to).map((number) => `m${number}`);

/** A long time for real servers, who elect for 4 to 9 s, and more on a busy machine (ms). */
const LONG = 90_000;

export function behaves(kind: StreamKind): void {
  describe(`a stream ${kind.name}`, () => {
    const open: LogStream[] = [];
    let scene: Scene;

    async function begin(...nodes: string[]): Promise<LogStream[]> {
      scene = await kind.open();
      const streams = await Promise.all(nodes.map((node) => scene.connect(node)));
      open.push(...streams);
      return streams;
    }
    afterEach(async () => {
      await Promise.all(open.splice(0).map((stream) => stream.close()));
      await scene.restore();
    });
    const until = <T>(what: string, promise: Promise<T>) => scene.until(what, promise);

    /** Tells what a tail tells, in order. */
    function follow(stream: LogStream, from: number): { tail: Tail; told: Inbox<string>; ended: Promise<StreamError> } {
      const told = new Inbox<string>();
      const ended = deferred<StreamError>();
      const tail = stream.tail(from, {
        onMessage: (sequence, octets) => told.push(`${sequence} ${text(octets)}`),
        onEnd: (error) => ended.resolve(error),
      });
      return { tail, told, ended: ended.promise };
    }

    /** Resolves when the node is as asked for. */
    function when(what: string, node: LogNode, isSo: () => boolean): Promise<void> {
      const so = deferred<void>();
      const look = () => {
        if (isSo()) so.resolve();
        else if (node.role === 'failed') so.reject(node.error ?? new Error('it failed'));
      };
      node.onChange = look;
      look();
      return until(what, so.promise);
    }
    const role = (node: LogNode, wanted: Role) => when(`a node that ${wanted}`, node, () => node.role === wanted);

    describe('append', () => {
      test('takes appends in flight in order, each behind the one before', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        const answers = texts(1, 8).map((message, index) => append(stream, message, index));
        expect(await until('eight answers', Promise.all(answers))).toEqual(
          numbers(1, 8).map((sequence) => ({ kind: 'accepted', sequence })),
        );
      });

      test('refuses an append that expects another last sequence, and says which is the last', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        await until('three messages', fill(stream, texts(1, 3)));
        for (const expected of [0, 2, 4, 99]) {
          expect(await until('an answer', append(stream, 'no', expected))).toEqual({ kind: 'refused', last: 3 });
        }
        expect((await until('info', knownInfo(stream))).last).toBe(3);
      });

      test('goes by numbers alone: behind what another has written, an append in flight can be taken', async () => {
        const [one, other] = (await begin('a', 'b')) as [LogStream, LogStream];
        await until('a message', append(other, 'other', 0));
        const answers = [append(one, 'first', 0), append(one, 'second', 1)];
        expect(await until('two answers', Promise.all(answers))).toEqual([
          { kind: 'refused', last: 1 },
          { kind: 'accepted', sequence: 2 },
        ]);
      });

      test('takes a message as long as it says, and says at once that one is too long', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        const long = 'x'.repeat(stream.messageOctetsMax);
        expect(await until('an answer', append(stream, long, 0))).toEqual({ kind: 'accepted', sequence: 1 });
        const found = await until('the message', read(stream, 1));
        expect(found.kind === 'found' && found.octets.length).toBe(long.length);
        expect(() => stream.append(Buffer.alloc(long.length + 1), 1, () => {})).toThrow(/send it in parts/);
      });
    });

    describe('read', () => {
      test('finds what is there, and misses what is not', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        await until('three messages', fill(stream, texts(1, 3)));
        const found = await until('an answer', read(stream, 2));
        expect(found.kind === 'found' && text(found.octets)).toBe('m2');
        expect(await until('an answer', read(stream, 4))).toEqual({ kind: 'missing' });
      });

      test('reads a range as far as it is there, and no more octets than asked for', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        await until('nine messages', fill(stream, texts(1, 9)));
        const sequences = async (from: number, to: number, octetsMax: number) => {
          const answer = await until('an answer', readRange(stream, from, to, octetsMax));
          if (answer.kind === 'unknown') throw answer.error;
          return answer.messages.map(({ sequence, octets }) => `${sequence} ${text(octets)}`);
        };
        expect(await sequences(3, 5, 1e6)).toEqual(['3 m3', '4 m4', '5 m5']);
        expect(await sequences(8, 20, 1e6)).toEqual(['8 m8', '9 m9']);
        expect(await sequences(3, 9, 4)).toEqual(['3 m3', '4 m4']);
        expect(await sequences(10, 20, 1e6)).toEqual([]);
      });
    });

    describe('a tail', () => {
      test('tells all from where it begins, what is there and what comes', async () => {
        const [stream, other] = (await begin('a', 'b')) as [LogStream, LogStream];
        await until('three messages', fill(stream, texts(1, 3)));
        const { told } = follow(other, 2);
        expect(await until('two messages', told.take(2, 'messages', LONG))).toEqual(['2 m2', '3 m3']);
        await until('an answer', append(stream, 'm4', 3));
        expect(await until('one more', told.take(1, 'messages', LONG))).toEqual(['4 m4']);
      });

      test('tells nothing while its reader pauses, and then goes on with the next', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        const told = new Inbox<number>();
        let isPaused = false;
        let wrong = 0;
        const tail = stream.tail(1, {
          onMessage: (sequence) => {
            if (isPaused) wrong += 1;
            told.push(sequence);
            if (sequence % 3 !== 0) return;
            isPaused = true;
            tail.pause();
          },
          onEnd: () => {},
        });
        await until('ten messages', fill(stream, texts(1, 10)));
        const seen: number[] = [];
        for (const count of [3, 3, 3, 1]) {
          seen.push(...(await until('messages', told.take(count, 'messages', LONG))));
          // A round trip: what would come in spite of the pause has come.
          await until('an answer', read(stream, 1));
          isPaused = false;
          tail.resume();
        }
        expect([seen, wrong]).toEqual([numbers(1, 10), 0]);
      });

      test('ends where what comes next is purged', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        await until('five messages', fill(stream, texts(1, 5)));
        expect(await until('a purge', purge(stream, 3))).toEqual({ kind: 'done' });
        const { ended } = follow(stream, 2);
        expect((await until('the end', ended)).message).toBe(
          'message 2 is not kept any more; the first that is kept is 4',
        );
        const { told } = follow(stream, 4);
        expect(await until('two messages', told.take(2, 'messages', LONG))).toEqual(['4 m4', '5 m5']);
      });

      test('tells all once and in order although its connection is lost again and again', async () => {
        const [stream, other] = (await begin('a', 'b')) as [LogStream, LogStream];
        const leader = new LogNode('a', stream, scene.clock);
        leader.lead();
        await role(leader, 'leads');
        const { told } = follow(other, 1);
        const seen: string[] = [];
        for (const round of [1, 2]) {
          for (const number of numbers(1, 50)) leader.write(`${round}.${number}`);
          seen.push(...(await until('messages', told.take(25, 'messages', LONG))));
          await scene.loseConnection(other);
          for (const number of numbers(51, 60)) leader.write(`${round}.${number}`);
          await when('all confirmed', leader, () => leader.confirmed.length === 1 + 60 * round);
          await scene.restore();
        }
        const { last } = await until('info', knownInfo(stream));
        seen.push(...(await until('the rest', told.take(last - seen.length, 'messages', LONG))));
        expect(seen.map((message) => Number(message.split(' ')[0]))).toEqual(numbers(1, last));
        expect(told.waiting).toEqual([]);
      });
    });

    describe('purge', () => {
      test('lets go of the first ones, and sequences go on', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        await until('five messages', fill(stream, texts(1, 5)));
        await until('a purge', purge(stream, 2));
        expect(await until('info', knownInfo(stream))).toMatchObject({ first: 3, last: 5 });
        expect(await until('an answer', read(stream, 2))).toEqual({ kind: 'missing' });
        await until('a purge', purge(stream, 5));
        expect(await until('info', knownInfo(stream))).toMatchObject({ first: 6, last: 5 });
        expect(await until('an answer', append(stream, 'm6', 5))).toEqual({ kind: 'accepted', sequence: 6 });
      });
    });

    describe('its leader', () => {
      test('can be moved to a server that is named', async () => {
        const [stream] = (await begin('a')) as [LogStream];
        await until('a message', append(stream, 'm1', 0));
        for (let move = 0; move < 2; move++) {
          const { leader, replicas } = await until('info', knownInfo(stream));
          const to = replicas.find(({ server, isCurrent }) => isCurrent && server !== leader)?.server ?? null;
          expect(await until('the move', moveLeader(stream, to))).toEqual({ kind: 'done' });
          expect((await until('info', knownInfo(stream))).leader).toBe(to);
        }
        expect(await until('an answer', append(stream, 'm2', 1))).toEqual({ kind: 'accepted', sequence: 2 });
      });

      test('is lost amid appends in flight: each is there once, in order, and confirmed once', async () => {
        const [stream, other] = (await begin('a', 'b')) as [LogStream, LogStream];
        const leader = new LogNode('a', stream, scene.clock);
        leader.lead();
        await role(leader, 'leads');
        let written = 0;
        const confirmed = () => leader.confirmed.length - 1;
        for (const round of [1, 2]) {
          const write = () => {
            while (leader.inFlight < 8 && written < 100 * round) leader.write(`${written++}`);
          };
          write();
          await when('some confirmed', leader, () => {
            write();
            return confirmed() >= 100 * round - 60;
          });
          write();
          expect(leader.inFlight).toBeGreaterThan(0);
          await scene.loseLeader();
          await when('all confirmed', leader, () => {
            write();
            return confirmed() === 100 * round;
          });
          await scene.restore();
        }
        expect(leader.confirmed.map(({ text }) => text)).toEqual([
          '1 fence a',
          ...numbers(0, 199).map((n) => `1 ${n}`),
        ]);
        const reader = new LogNode('b', other, scene.clock);
        await when('all read', reader, () => reader.records.length >= 201);
        expect(reader.records).toEqual(leader.confirmed.map(({ text }) => text));
      });
    });

    describe('a writer', () => {
      test('finds its own where answers were lost, and writes nothing twice', async () => {
        const [stream, other] = (await begin('a', 'b')) as [LogStream, LogStream];
        const lossy = losesAnswers(stream, (index) => index % 3 === 1);
        const leader = new LogNode('a', lossy, scene.clock);
        leader.lead();
        for (const number of numbers(1, 40)) leader.write(`${number}`);
        await when('all confirmed', leader, () => leader.confirmed.length === 41);
        const reader = new LogNode('b', other, scene.clock);
        await when('all read', reader, () => reader.records.length >= 41);
        expect(reader.records).toEqual(['1 fence a', ...numbers(1, 40).map((number) => `1 ${number}`)]);
        expect(reader.last).toBe(41 + reader.strays);
      });

      test('that is deposed gets nothing in that counts, however much it has in flight', async () => {
        const [one, other, third] = (await begin('a', 'b', 'c')) as [LogStream, LogStream, LogStream];
        const old = new LogNode('a', one, scene.clock);
        old.lead();
        await role(old, 'leads');
        const next = new LogNode('b', other, scene.clock);
        await when('all read', next, () => next.last === 1);
        next.lead();
        await role(next, 'leads');
        // It does not know yet, and its messages fit where they are appended, but for the first one.
        for (const number of numbers(1, 6)) old.write(`old ${number}`);
        await role(old, 'deposed');
        for (const number of numbers(1, 6)) next.write(`new ${number}`);
        await when('all confirmed', next, () => next.confirmed.length === 7);
        expect(old.confirmed.map(({ text }) => text)).toEqual(['1 fence a']);
        const reader = new LogNode('c', third, scene.clock);
        await when('all read', reader, () => reader.records.length >= 8);
        expect(reader.records).toEqual(['1 fence a', '2 fence b', ...numbers(1, 6).map((number) => `2 new ${number}`)]);
        // What was in flight came in behind the fence, and does not count.
        expect(reader.strays).toBeGreaterThan(0);
      });

      test('of two that fence at once, one leads', async () => {
        const [one, other] = (await begin('a', 'b')) as [LogStream, LogStream];
        const nodes = [new LogNode('a', one, scene.clock), new LogNode('b', other, scene.clock)];
        for (const node of nodes) node.lead();
        await Promise.all(
          nodes.map((node, index) => {
            const so = deferred<void>();
            node.onChange = () => {
              if (node.role === 'leads' || node.role === 'deposed') so.resolve();
            };
            node.onChange();
            return until(`node ${index}`, so.promise);
          }),
        );
        expect(nodes.map((node) => node.role).sort()).toEqual(['deposed', 'leads']);
      });

      test('appends a record in parts, and one whose writer was deposed amid them does not count', async () => {
        const [one, other] = (await begin('a', 'b')) as [LogStream, LogStream];
        const encoder = new RecordEncoder(CHAIN_START, 108);
        const fence = encoder.encode(RecordKind.FENCE, fenceBody('a'));
        const whole = encoder.encode(RecordKind.DEFINITIONS, [Buffer.alloc(100, 'x'), Buffer.alloc(30, 'y')]);
        const torn = encoder.encode(RecordKind.DEFINITIONS, [Buffer.alloc(130, 'z')]);
        const messages = [...fence, ...whole, ...torn.slice(0, 2)];
        for (const [index, message] of messages.entries()) {
          const answer = new Promise((resolve) => one.append(message, index, resolve));
          expect(await until('an answer', answer)).toEqual({ kind: 'accepted', sequence: index + 1 });
        }
        const next = new LogNode('b', other, scene.clock);
        await when('all read', next, () => next.last === messages.length);
        expect(next.position.sequence).toBe(messages.length - 2);
        next.lead();
        await role(next, 'leads');
        const reader = new LogNode('c', one, scene.clock);
        await when('all read', reader, () => reader.last === messages.length + 1);
        expect(reader.records).toEqual(['1 fence a', `1 ${'x'.repeat(100)}${'y'.repeat(30)}`, '2 fence b']);
      });
    });
  });
}
