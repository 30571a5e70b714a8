/** The times that keep two nodes from serving at once. */
import { expect, test } from 'vitest';
import { TIMING, wrongTiming } from '../../../src/cluster/protocol/timing.js';

test('a leader has paused before a standby has waited for its lease, and beats often enough not to', () => {
  expect(wrongTiming(TIMING)).toBeNull();
  expect(wrongTiming({ ...TIMING, pauseAfter: 1499 })).toContain('serves beside one');
  expect(wrongTiming({ ...TIMING, beat: 700 })).toContain('too few');
  expect(wrongTiming({ ...TIMING, closeAfter: 1000 })).toContain('before the pause');
});
