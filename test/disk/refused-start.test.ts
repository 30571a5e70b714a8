/**
 * A start that the data does not allow: told in one line, and without a change. What must hold: no message goes because
 * the definitions went, and none is taken for redelivered because a start failed.
 */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Broker, isReferee, runToExit } from '../support/broker.js';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../support/kept-data.js';

async function publishKept(broker: Broker, queue: string, bodies: readonly string[]): Promise<void> {
  const channel = await open(broker);
  await channel.call('queue.declare', { queue, durable: true });
  await channel.call('confirm.select');
  for (const body of bodies) channel.publish('', queue, body, { properties: PERSISTENT });
  await confirmed(channel, bodies.length);
}

/** A directory of a broker that was ended in order, with three messages in it. */
async function ended(): Promise<string> {
  const data = directory();
  const broker = await start(data);
  await publishKept(broker, 'kept', ['a', 'b', 'c']);
  await broker.stop();
  return data;
}

const FRESH = [
  ['a', false],
  ['b', false],
  ['c', false],
];

describe.skipIf(isReferee)('a start', () => {
  cleanUp();

  test('without the definitions that belong to the log is refused, until they are back', async () => {
    const data = await ended();
    renameSync(join(data, 'definitions'), join(data, 'elsewhere'));
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await runToExit(['--port', '0', '--data', data])).toMatchObject({
        code: 1,
        stderr:
          'leveret: the log holds 3 messages of 1 queues that the definitions do not know: put the definitions back that ' +
          'belong to it, or let these messages go with --drop-unknown-queues\n',
      });
    }
    rmSync(join(data, 'definitions'), { recursive: true });
    renameSync(join(data, 'elsewhere'), join(data, 'definitions'));
    expect(await drain(await open(await start(data)), 'kept')).toEqual(FRESH);
  });

  test('without them goes on where the owner says so, and no new queue has what an old one did', async () => {
    const data = await ended();
    rmSync(join(data, 'definitions'), { recursive: true });
    const broker = await start(data, { flags: ['--drop-unknown-queues'] });
    await publishKept(broker, 'new', ['d']);
    const said = '3 messages of 1 queues that the definitions do not know are let go\n';
    expect(await broker.stop()).toMatchObject({ told: said });
    const again = await start(data);
    expect(await drain(await open(again), 'new')).toEqual([['d', false]]);
    expect(await again.stop()).toMatchObject({ told: '' });
  });

  test('that let messages go is the last to speak of them', async () => {
    const data = await ended();
    rmSync(join(data, 'definitions'), { recursive: true });
    await (await start(data, { flags: ['--drop-unknown-queues'] })).stop('SIGKILL');
    const again = await start(data);
    await publishKept(again, 'kept', []);
    expect(await drain(await open(again), 'kept')).toEqual([]);
    expect(await again.stop()).toMatchObject({ told: '' });
  });

  test('that fails over a log of a newer version leaves the clean-shutdown marker', async () => {
    const data = await ended();
    const log = join(data, 'log');
    const path = join(log, readdirSync(log).find((name) => name.endsWith('.log')) ?? '');
    const whole = readFileSync(path);
    const [{ decodeHead, encodeHead }] = await Promise.all([import('../../dist/store/log/file-head.js')]);
    const head = decodeHead(whole)?.head;
    if (head === undefined) throw new Error('no head');
    const newer = Buffer.from(whole);
    newer.set(encodeHead({ ...head, format: head.format + 1 }));
    writeFileSync(path, newer);
    expect(await runToExit(['--port', '0', '--data', data])).toMatchObject({ code: 1 });
    writeFileSync(path, whole);
    expect(await drain(await open(await start(data)), 'kept')).toEqual(FRESH);
  });

  test('that fails over a port that is taken leaves the clean-shutdown marker, and no file more', async () => {
    const data = await ended();
    const other = await start(directory());
    const files = readdirSync(join(data, 'log')).sort();
    const port = new URL(other.url).port;
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await runToExit(['--port', port, '--data', data])).toMatchObject({ code: 1 });
    }
    expect(readdirSync(join(data, 'log')).sort()).toEqual(files);
    expect(await drain(await open(await start(data)), 'kept')).toEqual(FRESH);
  });
});
