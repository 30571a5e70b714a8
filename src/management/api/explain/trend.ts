/** Whether a backlog grows: by what it was a minute ago and what it is now, and since when, by what it was in a day. */
import type { PastQueue } from '../../statistics/statistics.js';
import type { Scene } from './scene.js';

export interface Trend {
  readonly direction: 'growing' | 'shrinking' | 'steady';
  /** Messages a second more, or less. */
  readonly rate: number;
  /** Messages a second that come, and that go. */
  readonly arrivals: number;
  readonly departures: number;
  /** Since when it has been so, as far as that is known (ms since the Unix epoch). */
  readonly since: number;
  /** Over which time the rates are (ms). */
  readonly window: number;
}

const WINDOW_MS = 60_000;
/** A rate over less than that would be chance. */
const LEAST_MS = 2_000;
/** A backlog has changed by so many messages, or by such a part of it. */
const LEAST_CHANGE = 10;
const LEAST_PART = 0.01;

type Observed = Pick<Scene, 'now' | 'ready' | 'unacknowledged' | 'past'> & {
  totals: Pick<Scene['totals'], 'enqueued'>;
};

/** Null: the queue was not watched for long enough. */
export function trendOf(scene: Observed): Trend | null {
  const base = baseOf(scene);
  if (base === null) return null;
  const messages = scene.ready + scene.unacknowledged;
  const window = scene.now - base.time;
  const change = messages - base.messages;
  const rate = (change / window) * 1000;
  const arrivals = (Math.max(0, scene.totals.enqueued - base.enqueued) / window) * 1000;
  const isSteady = Math.abs(change) < Math.max(LEAST_CHANGE, LEAST_PART * Math.max(messages, base.messages));
  const direction = isSteady ? 'steady' : change > 0 ? 'growing' : 'shrinking';
  const departures = Math.max(0, arrivals - rate);
  return { direction, rate, arrivals, departures, since: sinceWhen(scene.past, messages, direction, base), window };
}

/** The sample that now is compared with: the oldest of the last minute; null: there is none that is old enough. */
export function baseOf({ now, past }: Pick<Scene, 'now' | 'past'>): PastQueue | null {
  const old = past.filter(({ time }) => now - time >= LEAST_MS);
  return old.findLast(({ time }) => now - time <= WINDOW_MS) ?? old[0] ?? null;
}

/** When the backlog was shortest before it grew to what it is, or longest before it shrank. */
function sinceWhen(
  past: readonly PastQueue[],
  messages: number,
  direction: Trend['direction'],
  base: PastQueue,
): number {
  let turn = base;
  for (const moment of past) {
    if (direction === 'growing') {
      if (moment.messages > messages) break;
      if (moment.messages < turn.messages) turn = moment;
    } else if (direction === 'shrinking') {
      if (moment.messages < messages) break;
      if (moment.messages > turn.messages) turn = moment;
    } else if (moment.messages === messages) turn = moment.time < turn.time ? moment : turn;
    else break;
  }
  return turn.time;
}
