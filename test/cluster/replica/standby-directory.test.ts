/**
 * A data directory that has followed is one that a broker serves from: what the stream said is there, in order, as
 * redelivered, and goes on from there.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RecordKind } from '../../../dist/cluster/records/record-layout.js';
import type { Replica } from '../../../dist/cluster/replica/replica.js';
import { followInDirectory } from '../../../dist/cluster/replica/standby-directory.js';
import { messageId } from '../../../dist/log/record-format.js';
import { systemClock } from '../../../dist/platform/clock.js';
import { DataDirectory } from '../../../dist/store/data-directory.js';
import { type DefinitionKind, Definitions } from '../../../dist/store/definitions.js';
import { leaveCluster } from '../../../dist/store/leave-cluster.js';
import { logIdOf } from '../../../dist/store/queue-numbers.js';
import type { DefinitionChange } from '../../../src/store/definitions.js';
import { storedMessage } from '../../store/support/messages.js';
import { isReferee } from '../../support/broker.js';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../../support/kept-data.js';
import { Portions } from '../support/portions.js';

const KINDS: readonly DefinitionKind[] = ['vhost', 'exchange', 'queue', 'binding', 'user', 'permission'];
const QUEUE = 'orders';

function follow(path: string, failures: Error[]): Promise<Replica> {
  return followInDirectory({
    directory: path,
    skipUnreadable: false,
    dropUnknownQueues: false,
    clock: systemClock,
    report: () => undefined,
    isTight: () => false,
    observer: { onFailed: (error) => failures.push(error), onTrouble: () => undefined },
  });
}

function applied(replica: Replica, sequence: number): Promise<void> {
  return new Promise((resolve) => {
    replica.onApplied((now) => now >= sequence && resolve());
  });
}

/** All that a broker has defined, and the id of its queue. */
async function definedIn(path: string): Promise<{ changes: DefinitionChange[]; id: number; nextQueueId: number }> {
  const definitions = Definitions.open(join(path, 'definitions'));
  const changes = KINDS.flatMap((kind) =>
    definitions
      .list(kind)
      .map((definition) => ({ put: kind, definition: structuredClone(definition) }) as DefinitionChange),
  );
  const id = definitions.get('queue', { vhost: '/', name: QUEUE })?.id ?? 0;
  const { nextQueueId } = definitions;
  await definitions.close();
  return { changes, id, nextQueueId };
}

describe.skipIf(isReferee)('a directory that has followed', () => {
  cleanUp();

  test.each([1, 2])('is served from, by %i workers', async (workers) => {
    const source = directory();
    const first = await start(source, { workers: 1 });
    await (await open(first)).call('queue.declare', { queue: QUEUE, durable: true });
    await first.stop();
    const { changes, id, nextQueueId } = await definedIn(source);
    const queue = logIdOf(id);
    const portions = new Portions();
    portions.definitions(changes, nextQueueId);
    const count = 300;
    for (let at = 0; at < count; at++) {
      const [lane, number] = [1 + (at % 3), Math.floor(at / 3)];
      portions.batch(lane, number + 1, (batch) => {
        batch.message(messageId(lane, number), storedMessage(`order ${at}`, QUEUE));
        batch.enqueue(queue, at, Date.now(), [messageId(lane, number)]);
        if (at % 4 === 3) batch.ack(queue, [{ from: at - 3, count: 1 }]);
      });
    }
    portions.add(RecordKind.BEAT, []);

    const path = directory();
    const failures: Error[] = [];
    const half = portions.all.slice(0, 150);
    const replica = await follow(path, failures);
    await expect(DataDirectory.open(path)).rejects.toThrow('used by another broker');
    const halfway = applied(replica, half.length);
    for (const portion of half) replica.apply(portion);
    await halfway;
    await replica.close();
    const again = await follow(path, failures);
    expect(again.position.sequence).toBe(half.length);
    // From before that: what is applied again changes nothing.
    for (const portion of portions.all.slice(100)) again.apply(portion);
    await again.close();
    expect([failures, again.position.sequence]).toEqual([[], portions.all.length]);

    const all = portions.all.length;
    const alone = start(path, { workers });
    await expect(alone).rejects.toThrow(`is that of a node of a cluster, with all up to message ${all} of its stream`);
    expect(await leaveCluster(path)).toBe(all);
    expect(await leaveCluster(path)).toBe(null);
    const broker = await start(path, { workers });
    const channel = await open(broker);
    await channel.call('confirm.select');
    channel.publish('', QUEUE, 'a new one', { properties: PERSISTENT });
    await confirmed(channel, 1);
    const left = Array.from({ length: count }, (_, at) => at).filter((at) => at % 4 !== 0);
    const expected = left.map((at): [string, boolean] => [`order ${at}`, true]);
    expect(await drain(channel, QUEUE)).toEqual([...expected, ['a new one', false]]);
    await broker.stop();
    const last = await open(await start(path, { workers }));
    expect(await drain(last, QUEUE)).toEqual([]);
  });
});
