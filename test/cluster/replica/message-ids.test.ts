/**
 * No id is given again that another node's files may still hold: a leader that has cleared away what it wrote numbers
 * on behind all that its cluster has heard of.
 */
import { expect, test } from 'vitest';
import { messageId, parseFileName } from '../../../dist/log/record-format.js';
import type { LogManager } from '../../../dist/store/log-manager.js';
import { logIdOf } from '../../../dist/store/queue-numbers.js';
import type { Portion } from '../../../src/cluster/protocol/replica-store.js';
import { storedMessage } from '../../store/support/messages.js';
import { FollowedDisk } from '../support/followed-disk.js';
import { Portions } from '../support/portions.js';

const LANE = 2;
const MESSAGES = 100;
const QUEUE = logIdOf(1);

/** A queue, messages in it by one lane, and their acknowledgements by another. */
function portions(): Portion[] {
  const portions = new Portions();
  const definition = { vhost: '/', name: 'q', id: 1, autoDelete: false, arguments: new Uint8Array(0) };
  portions.definitions([{ put: 'queue', definition }], 2);
  for (let at = 0; at < MESSAGES; at++) {
    portions.batch(LANE, at + 1, (batch) => {
      batch.message(messageId(LANE, at), storedMessage('.'.repeat(500)));
      batch.enqueue(QUEUE, at, 1000, [messageId(LANE, at)]);
    });
  }
  portions.batch(1, 0, (batch) => batch.ack(QUEUE, [{ from: 0, count: MESSAGES }]));
  // Files end when more comes.
  for (let at = 0; at < 40; at++) portions.batch(LANE, MESSAGES, (batch) => batch.ack(QUEUE, many(at)));
  return portions.all;
}

function many(at: number): { from: number; count: number }[] {
  return Array.from({ length: 60 }, (_, index) => ({ from: (at * 60 + index) % MESSAGES, count: 1 }));
}

function nextIn(log: LogManager): number {
  const setup = log.setups(LANE).find(({ writerNumber }) => writerNumber === LANE);
  return setup === undefined ? -1 : setup.start.message;
}

async function nextAfter(disk: FollowedDisk, withFloors: boolean): Promise<number> {
  const log = await new FollowedDisk(disk.directory.copy(), disk.definitions).recover({ withFloors });
  const next = nextIn(log);
  await log.close(null);
  return next;
}

test('a node that has cleared its files gives no id that another one may still hold', async () => {
  const all = portions();
  const [cleared, holding] = [new FollowedDisk(), new FollowedDisk()];
  for (const disk of [cleared, holding]) {
    const { replica, log, error } = await disk.follow();
    for (const one of all) replica.apply(one);
    await new Promise<void>((resolve) => {
      const last = all.at(-1)?.position.sequence;
      replica.onApplied((sequence) => sequence === last && resolve());
    });
    if (disk === cleared) await log.reclaim();
    await replica.close();
    expect(error()).toBe(null);
  }
  // Without what the stream has told, ids would be given again that lie in the other's files.
  expect(await nextAfter(cleared, false)).toBeLessThan(MESSAGES);
  expect(await nextAfter(holding, false)).toBe(MESSAGES);
  expect(await nextAfter(cleared, true)).toBe(MESSAGES);
  expect(
    [...cleared.directory.files().keys()].filter((name) => parseFileName(name)?.writerNumber === LANE),
  ).not.toEqual([...holding.directory.files().keys()].filter((name) => parseFileName(name)?.writerNumber === LANE));
});
