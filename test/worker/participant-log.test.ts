/**
 * What a core records while its log cannot be written: far more than one batch has room for. Nothing of it is dropped,
 * and nobody is told that it is written before it is.
 */
import { describe, expect, test } from 'vitest';
import { ParticipantLog } from '../../dist/worker/participant-log.js';
import { get64, PositionsField, RANGE_OCTETS, RECORD_HEAD, RecordType, spanOf } from '../../src/log/record-format.js';
import { HeldPlaces } from '../../src/worker/held-acks.js';
import { Bench, ENGINES } from '../engine/support/bench.js';
import { properties, publish } from '../engine/support/frames.js';
import { openWriter } from '../store/support/logs.js';
import { SimulatedDirectory, systemError } from '../store/support/simulated.js';
import { deferred } from '../support/waiting.js';

const QUEUE = 256;

/** How many places some facts say are done. */
function placesDone(facts: Uint8Array): number {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.length);
  let count = 0;
  for (let at = 0; at < facts.length; at += spanOf(view.getUint32(at, true))) {
    if (view.getUint8(at + 4) !== RecordType.ACK) continue;
    const end = at + RECORD_HEAD + view.getUint32(at, true);
    for (let run = at + RECORD_HEAD + PositionsField.RANGES; run < end; run += RANGE_OCTETS)
      count += get64(view, run + 8);
  }
  return count;
}

describe.each(ENGINES)('%s', (kind) => {
  /** A worker's log on a disk that is full until `makeRoom`, with a batch that waits for room. */
  async function onFullDisk() {
    const directory = new SimulatedDirectory();
    const bench = await Bench.open(kind, { mebibytes: 16 });
    bench.setTime(5_000);
    const engine = bench.engine();
    bench.loggedQueue('q', QUEUE);
    let full = true;
    const healthy = deferred<void>();
    const waiting = deferred<void>();
    directory.onCall = (call) => {
      if (full && (call === 'write' || call === 'create')) throw systemError('ENOSPC');
    };
    let resume = (): void => undefined;
    const written = { done: 0, doneAtBarrier: 0 };
    const writer = openWriter(directory, {
      writerNumber: 1,
      onEvent: (event) => {
        if (event.type === 'placed') written.done += placesDone(event.facts);
        if (event.type === 'passed') written.doneAtBarrier = written.done;
      },
      fileOctets: 2 << 20,
      onHealth: ({ state }) => {
        log.healthChanged();
        if (state === 'ok') healthy.resolve();
      },
      pause: () =>
        new Promise((resolve) => {
          resume = resolve;
          waiting.resolve();
        }),
    });
    const log: ParticipantLog = new ParticipantLog(engine, writer, () => undefined);
    const publisher = bench.client();
    publisher.open(1);
    publisher.feed(publish(1, 'q', Buffer.from('waits'), { properties: properties({ persistent: true }) }));
    log.write();
    await waiting.promise;
    const makeRoom = (): Promise<void> => {
      full = false;
      resume();
      return healthy.promise;
    };
    return { engine, log, written, makeRoom };
  }

  /** Every second of many places is done: more than a batch, and all memory, have room for. */
  function settleMany({ engine }: Pick<Awaited<ReturnType<typeof onFullDisk>>, 'engine'>): number {
    const count = kind === 'wasm' ? 700_000 : 1_500_000;
    for (let i = 0; i < count; i++) engine.recordDone(QUEUE, 1 + 2 * i, 1);
    return count;
  }

  test('acknowledgements that find no room while the disk is full are written when there is some', async () => {
    const stage = await onFullDisk();
    const count = settleMany(stage);
    let answered = false;
    const durable = stage.log.durable()?.then(() => {
      answered = true;
    });
    expect(durable).toBeDefined();
    await Promise.resolve();
    expect(answered).toBe(false);
    void stage.makeRoom();
    await durable;
    expect(stage.written.done).toBe(count);
    expect(await stage.log.close()).toBe(true);
  });

  test('an orderly end writes them, too, or says that it could not', async () => {
    const stage = await onFullDisk();
    const count = settleMany(stage);
    await stage.makeRoom();
    expect(await stage.log.close()).toBe(true);
    expect(stage.written.done).toBe(count);

    const other = await onFullDisk();
    settleMany(other);
    expect(await other.log.close()).toBe(false);
  });

  test('a barrier is passed when they are told', async () => {
    const stage = await onFullDisk();
    const count = settleMany(stage);
    stage.log.barrier(7);
    void stage.makeRoom();
    await stage.log.durable();
    await stage.log.close();
    expect(stage.written.doneAtBarrier).toBe(count);
  });
});

test('what is given back and finds no room again stays, with all behind it', () => {
  const held = new HeldPlaces();
  for (const position of [0, 1, 2, 10, 20]) held.take(256, position, 1);
  held.take(512, 5, 2);
  const recorded: string[] = [];
  let room = 1;
  const record = (queue: number, from: number, count: number): void => {
    if (room-- > 0) recorded.push(`${queue}:${from}+${count}`);
    else held.take(queue, from, count);
  };
  held.requeue(record);
  expect(recorded).toEqual(['256:0+3']);
  room = 100;
  while (!held.isEmpty) held.requeue(record);
  expect(recorded.toSorted()).toEqual(['256:0+3', '256:10+1', '256:20+1', '512:5+2']);
});
