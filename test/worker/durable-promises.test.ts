/**
 * What a participant promises its clients over a commit log that is no file: acknowledged late, refused for a while,
 * taken over by somebody else. Nothing is confirmed before it is durable, nor out of turn, nor behind what never is.
 */
import { describe, expect, test } from 'vitest';
import { ParticipantLog } from '../../dist/worker/participant-log.js';
import type { Durability } from '../../src/log/commit-log.js';
import { writerOf } from '../../src/log/record-format.js';
import { Bench, type Client, ENGINES } from '../engine/support/bench.js';
import { properties, publish } from '../engine/support/frames.js';
import { factsOf } from '../engine/support/log.js';
import { FENCED, MemoryLog } from '../support/memory-log.js';
import { StreamedLog } from '../support/streamed-log.js';

const QUEUE = 256;

/** Logs that are no file, and one whose stream is none. */
const LOGS = { memory: MemoryLog, stream: StreamedLog };

describe.each(
  ENGINES.flatMap((engine) => (['memory', 'stream'] as const).map((log) => [engine, log] as const)),
)('%s, a log by %s', (kind, logKind) => {
  async function open(durability: Durability = 'fsync') {
    const bench = await Bench.open(kind, { mebibytes: 16 });
    bench.setTime(5_000);
    bench.loggedQueue('q', QUEUE);
    const engine = bench.engine();
    const barriers: number[] = [];
    const facts: Uint8Array[] = [];
    const commitLog = new LOGS[logKind](
      {
        onEvent: (event) => {
          if (event.type === 'passed') barriers.push(event.barrier);
          if (event.type === 'placed') facts.push(event.facts);
        },
        onHealth: () => log.healthChanged(),
      },
      { writerNumber: 3, durability, nextMessage: 70 },
    );
    const log: ParticipantLog = new ParticipantLog(engine, commitLog, () => undefined);
    const publisher = bench.client();
    engine.setConfirm(publisher.open(1));
    /** Publishes persistent messages in one read, and has them appended. */
    const send = (...bodies: string[]): void => {
      const persistent = properties({ persistent: true });
      publisher.feed(
        Buffer.concat(bodies.map((body) => publish(1, 'q', Buffer.from(body), { properties: persistent }))),
      );
      log.write();
    };
    /** The last publish that is confirmed since this was last asked; null: none is. */
    const confirmed = (): number | null => confirmedTo(bench, publisher);
    return { bench, engine, commitLog, log, send, confirmed, barriers, facts };
  }

  function confirmedTo(bench: Bench, publisher: Client): number | null {
    bench.serve();
    const tags = publisher.received().flatMap((one) => (one.kind === 'confirm' ? [one.tag] : []));
    expect(tags).toEqual(tags.toSorted((a, b) => a - b));
    return tags.at(-1) ?? null;
  }

  test('nothing is confirmed before the log acknowledges it, however late', async () => {
    const { commitLog, send, confirmed } = await open();
    send('a', 'b');
    expect(commitLog.underWay).toHaveLength(1);
    for (let pass = 0; pass < 3; pass++) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(confirmed()).toBe(null);
    }
    await commitLog.acknowledge();
    expect(confirmed()).toBe(2);
  });

  test('what comes while a batch is under way is gathered, and confirmed in its order', async () => {
    const { commitLog, send, confirmed } = await open();
    send('a');
    send('b');
    send('c');
    expect(commitLog.underWay).toHaveLength(1);
    await commitLog.acknowledge();
    expect(confirmed()).toBe(1);
    expect(commitLog.underWay).toHaveLength(1);
    await commitLog.acknowledge();
    expect(confirmed()).toBe(3);
    expect(commitLog.durable).toHaveLength(2);
  });

  test('a core numbers its messages on from where the log has come to', async () => {
    const { commitLog, send, facts } = await open();
    send('a', 'b');
    await commitLog.acknowledge();
    const ids = facts.flatMap((some) => factsOf(some).taken.map(({ id }) => id));
    expect(ids.map(writerOf)).toEqual([3, 3]);
    expect(ids).toEqual([commitLog.takeMessageIds(0), commitLog.takeMessageIds(0) + 1]);
  });

  test('commits and purges wait for what was recorded up to them, and for no more', async () => {
    const { engine, commitLog, log, send } = await open();
    send('a');
    engine.recordDone(QUEUE, 0, 1);
    const answered: string[] = [];
    const first = log.durable()?.then(() => answered.push('first'));
    await commitLog.acknowledge();
    expect(answered).toEqual([]);
    send('b');
    await commitLog.acknowledge(1);
    await first;
    expect(answered).toEqual(['first']);
    expect(log.durable()).not.toBe(null);
    await commitLog.acknowledge();
    expect(log.durable()).toBe(null);
  });

  test('while the log is refused nothing is confirmed, and all of it is when it is answered again', async () => {
    const { commitLog, log, send, confirmed } = await open();
    send('a');
    commitLog.refuse('too few machines answer');
    send('b');
    expect(await log.settle()).toBe(false);
    expect(confirmed()).toBe(null);
    await commitLog.answer();
    await commitLog.acknowledge();
    expect(confirmed()).toBe(2);
    const settled = log.settle();
    await commitLog.acknowledge();
    expect(await settled).toBe(true);
  });

  test('a barrier is passed when all that was recorded before it is told', async () => {
    const { commitLog, log, send, barriers } = await open();
    send('a');
    send('b');
    log.barrier(1);
    expect(commitLog.underWay).toHaveLength(2);
    await commitLog.acknowledge(1);
    expect(barriers).toEqual([]);
    await commitLog.acknowledge();
    expect(barriers).toEqual([1]);
  });

  test('who has lost the right to write confirms nothing more, passes no barrier, and says so at the end', async () => {
    const { commitLog, log, send, confirmed, barriers } = await open();
    send('a');
    await commitLog.acknowledge();
    expect(confirmed()).toBe(1);
    send('b');
    log.barrier(1);
    const committed = log.durable();
    let answered = false;
    void committed?.then(() => {
      answered = true;
    });
    await commitLog.fence();
    send('c');
    expect(confirmed()).toBe(null);
    expect(await log.settle()).toBe(false);
    expect(await log.close()).toBe(false);
    expect(answered).toBe(false);
    expect(barriers).toEqual([]);
    expect(commitLog.health).toEqual({ state: 'fenced', error: FENCED });
    expect(commitLog.durable).toHaveLength(1);
  });

  test('behind a batch that was rejected nothing is confirmed, nor a commit answered', async () => {
    const { commitLog, log, send, confirmed, barriers } = await open();
    send('a');
    send('b');
    let answered = false;
    void log.durable()?.then(() => {
      answered = true;
    });
    log.barrier(1);
    expect(commitLog.underWay).toHaveLength(2);
    await commitLog.fence(1);
    await commitLog.acknowledge();
    expect(confirmed()).toBe(null);
    expect(answered).toBe(false);
    expect(barriers).toEqual([]);
    expect(await log.close()).toBe(false);
  });

  test('a confirm that promises nothing does not wait, and a lost log is told at the end', async () => {
    const { commitLog, log, send, confirmed } = await open('none');
    send('a');
    expect(confirmed()).toBe(1);
    await commitLog.fence();
    send('b');
    expect(confirmed()).toBe(2);
    expect(await log.close()).toBe(false);
  });
});
