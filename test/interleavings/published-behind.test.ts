/**
 * A message that is there stands behind one that is being published: who finds nothing is told to look again, so that no
 * client finds a queue empty that holds what was confirmed.
 */
import { expect, test } from 'vitest';
import { publish } from '../engine/support/frames.js';
import { text } from '../engine/support/scenario.js';
import { openStage } from './support/stage.js';

test('a queue is not drained while a message stands behind one that is being published', async () => {
  const { bench, workers, coordinator } = await openStage({ workers: 2 });
  const [slow] = workers;
  if (slow === undefined) throw new Error('there is no worker');
  const [first, second] = [bench.client(0), bench.client(1)];
  first.open(1);
  const channel = second.open(1);
  const queue = bench.queue('q');
  // Both know the way to it.
  for (const client of [first, second]) client.feed(publish(1, 'q', text('known')));
  expect(coordinator.engine.purge(queue)).toBe(2);
  expect(second.engine.isDrained(queue)).toBe(true);

  slow.beginRead(first, publish(1, 'q', text('slow'))).until('POSITIONS_RESERVED');
  second.feed(publish(1, 'q', text('quick')));
  expect(second.engine.get(channel, queue, true)).toBe(false);
  expect(coordinator.engine.purge(queue)).toBe(0);
  expect([second.engine.isDrained(queue), coordinator.engine.isDrained(queue)]).toEqual([false, false]);

  coordinator.engine.setPaused(queue, true);
  expect(second.engine.isDrained(queue)).toBe(true);
  coordinator.engine.setPaused(queue, false);

  slow.finish();
  for (let left = 2; left > 0; left--) expect(second.engine.get(channel, queue, true)).toBe(true);
  bench.serve(1);
  expect(second.bodies()).toEqual(['slow', 'quick']);
  expect(second.engine.isDrained(queue)).toBe(true);
});
