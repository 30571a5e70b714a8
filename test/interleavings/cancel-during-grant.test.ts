/**
 * Turns that are granted while their consumer goes: what is counted is given back, or its queue would wait for it for
 * good.
 */
import { expect, test } from 'vitest';
import { Overflow } from '../../src/engine/engine.js';
import { publish } from '../engine/support/frames.js';
import { text } from '../engine/support/scenario.js';
import { openStage, type Player } from './support/stage.js';

test('a consumer that is cancelled while it is granted a turn gives it back: its queue does not wait for it', async () => {
  const { bench, workers, coordinator } = await openStage({ workers: 2 });
  const [publishing, consuming] = workers as [Player, Player];
  const queue = bench.setFeatures('q', { maxLength: 10, overflow: Overflow.REJECT_PUBLISH });
  const publisher = bench.client(0);
  publisher.open(1);
  // So that its route is known.
  publisher.feed(publish(1, 'q', text('first')));
  expect(coordinator.engine.purge(queue)).toBe(1);
  const consumer = bench.client(1).consume(1, 'q');
  bench.serve(1);

  publishing.beginRead(publisher, publish(1, 'q', text('granted'))).until('WAITER_UNLINKED');
  consuming.begin('cancelConsumer', consumer).until('TURN_GIVEN_BACK');
  publishing.finish();
  consuming.finish();
  bench.serve(1);

  for (let i = 0; i < 20; i++) publisher.feed(publish(1, 'q', text(`${i}`)));
  expect(coordinator.engine.readyCount(queue)).toBe(10);
});
