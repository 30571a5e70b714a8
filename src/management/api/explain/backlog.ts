/** What is said of the backlog: how old, whether it grows, since when and how fast, when it will be gone or too long. */
import { Overflow } from '../../../engine/engine.js';
import { argumentsOf, type Scene } from './scene.js';
import { count, duration, moment, rate, rounded, type Statement, statement } from './statement.js';
import { type Trend, trendOf } from './trend.js';

/** What will be so in more than a day is not told. */
const FORESEEN_S = 86_400;

export function aboutBacklog(scene: Scene): Statement[] {
  const trend = trendOf(scene);
  return [length(scene), ...age(scene), ...course(scene, trend), ...limits(scene, trend)];
}

function length({ ready, unacknowledged }: Scene): Statement {
  const figures = { messages_ready: ready, messages_unacknowledged: unacknowledged };
  if (ready + unacknowledged === 0) return statement('empty', 'The queue is empty.', figures);
  const text = `${count(ready, 'message')} ${ready === 1 ? 'waits' : 'wait'}, ${unacknowledged.toLocaleString(
    'en',
  )} more are with consumers and not acknowledged.`;
  return statement('backlog', text, figures);
}

function age({ now, front }: Scene): Statement[] {
  if (front === null) return [];
  if (front.arrival === null)
    return [
      statement(
        'age-unknown',
        'How old the next message is is not known: it has been on disk since the broker started.',
        {},
        'Ask again in a moment: it is being read.',
      ),
    ];
  const waited = Math.max(0, Math.round(now - front.arrival));
  const text = `The oldest message has waited for ${duration(waited)}, since ${moment(front.arrival)}.`;
  return [statement('oldest-message', text, { oldest_message_age: waited })];
}

function course({ ready, unacknowledged }: Scene, trend: Trend | null): Statement[] {
  if (trend === null) return [];
  const messages = ready + unacknowledged;
  const figures = {
    since: Math.round(trend.since),
    messages_per_second: rounded(trend.rate),
    published_per_second: rounded(trend.arrivals),
    gone_per_second: rounded(trend.departures),
    over_ms: Math.round(trend.window),
  };
  const flows = `${rate(trend.arrivals)} come, ${rate(trend.departures)} go`;
  switch (trend.direction) {
    case 'growing': {
      const text = `The backlog has grown since ${moment(trend.since)}, now by ${rate(trend.rate)}: ${flows}.`;
      return [
        statement('growing', text, figures, 'Add consumers, or make them faster: see what is said of each below.'),
      ];
    }
    case 'shrinking': {
      const left = (messages / -trend.rate) * 1000;
      const text = `The backlog shrinks by ${rate(-trend.rate)} (${flows}) and will be gone in about ${duration(left)}.`;
      return [statement('shrinking', text, { ...figures, empty_in_ms: Math.round(left) })];
    }
    case 'steady': {
      if (messages === 0 || trend.arrivals + trend.departures > 0) return [];
      const text = `Nothing has come or gone since ${moment(trend.since)}: the queue stands still.`;
      return [statement('standing-still', text, figures)];
    }
  }
}

/** How near the queue is to its limits, and the broker to the end of the disk. */
function limits(scene: Scene, trend: Trend | null): Statement[] {
  const { features, ready, readyOctets, averageOctets, disk } = scene;
  const growth = trend?.direction === 'growing' ? trend.rate : 0;
  const said: Statement[] = [];
  if (features.maxLength !== null) said.push(...limit(scene, 'messages', ready, features.maxLength, growth));
  if (features.maxBytes !== null)
    said.push(...limit(scene, 'octets', readyOctets, features.maxBytes, growth * averageOctets));
  if (disk !== null && growth * averageOctets > 0) {
    const seconds = Math.max(0, disk.free - disk.least) / (growth * averageOctets);
    if (seconds <= FORESEEN_S) {
      const left = duration(seconds * 1000);
      const text = `As fast as this queue grows, the disk is full in about ${left}: then publishers are held.`;
      const figures = { disk_free: disk.free, disk_free_limit: disk.least, full_in_ms: Math.round(seconds * 1000) };
      said.push(
        statement('disk-will-be-full', text, figures, 'Give the data directory more room, or have less published.'),
      );
    }
  }
  return said;
}

function limit(scene: Scene, unit: 'messages' | 'octets', now: number, most: number, growth: number): Statement[] {
  const what = `${most.toLocaleString('en')} ${unit}`;
  const figures = { unit, length: now, limit: most };
  if (now >= most) {
    const next = `Have it emptied faster, or raise the limit of '${scene.name}' by a policy.`;
    return [statement('full', `The queue is full: it may hold ${what}. ${consequence(scene)}`, figures, next)];
  }
  if (growth <= 0) return [];
  const seconds = (most - now) / growth;
  if (seconds > FORESEEN_S) return [];
  const text = `It will hold the ${what} that it may in about ${duration(seconds * 1000)}. ${consequence(scene, 'then')}`;
  const next = `leveret ctl list_policies, then raise the limit, or add consumers to ${argumentsOf(scene)}`;
  return [statement('will-be-full', text, { ...figures, full_in_ms: Math.round(seconds * 1000) }, next)];
}

function consequence({ features }: Scene, when: 'now' | 'then' = 'now'): string {
  const how = features.overflow === Overflow.DROP_HEAD ? 'the oldest messages are dropped' : 'new messages are refused';
  return `From ${when} on ${how}.`;
}
