/** Messages that are looked at without a claim, while others take them and write over them. */
import { FEATURE_AT, NO_FEATURES, writeFeatures } from '../../../src/engine/queue-features.js';
import { properties, publish } from '../../engine/support/frames.js';
import { Fault } from '../search/fault.js';
import type { Program } from '../search/run.js';
import type { Scenario } from './scenario.js';
import { NOW, type Stage } from './stage.js';

/** Octets of a message of which a segment holds some. */
const LARGE = 60_000;
const SEGMENT = 1 << 20;

/** Two times and the timestamps (s) of messages that came then. */
const FIRST = { at: NOW, timestamp: 1 };
const SECOND = { at: NOW + 1000, timestamp: 2 };

/**
 * The message at a queue's head is looked at while another one takes it, and what comes next is written where it was:
 * in the one segment that is free. Over its head comes the next one's head, or body.
 */
function lookedAt(
  how: string,
  look: (stage: Stage, queue: number) => () => Program,
  over: 'head' | 'body' = 'head',
): Scenario {
  return {
    name: `the message at the head is ${how} while it is taken and written over`,
    meets: ['look at what is ready', 'claim', 'release', 'segment reuse', 'publish'],
    workers: 2,
    set: (stage) => {
      const [queue] = [stage.queue('q'), stage.queue('r')];
      const [other, taker] = [stage.publisher(1, 'r'), stage.publisher(1, 'q')];
      const channel = taker.channels.get(1) ?? 0;
      const large = Buffer.from('x'.repeat(LARGE));
      const inSegment = Math.floor(SEGMENT / LARGE);
      const fill = (count: number) => {
        for (let i = 0; i < count; i++) other.feed(publish(1, 'r', large));
        stage.bench.coordinator.purge(stage.queueAt('r'));
      };
      const sent = ({ timestamp }: typeof FIRST, body: string) =>
        publish(1, 'q', Buffer.from(body), { properties: properties({ timestamp }) });
      // The message is all that is left in its segment, and the next segment is full, too.
      fill(inSegment);
      if (over === 'body') other.feed(publish(1, 'r', large.subarray(LARGE / 2)));
      taker.feed(sent(FIRST, `${'a'.repeat(LARGE)}1`));
      stage.before.push(`${'a'.repeat(LARGE)}1`);
      fill(over === 'body' ? inSegment - 2 : inSegment - 1);
      fill(inSegment);
      const body = `${'c'.repeat(LARGE)}1`;
      return [
        {
          participant: 1,
          *play() {
            yield ['getMessage', channel, queue, 1];
            yield ['setTime', SECOND.at, 0];
            yield* stage.read(taker, 1, sent(SECOND, body));
            stage.account.published.push(body);
          },
        },
        { participant: 2, play: look(stage, queue) },
      ];
    },
  };
}

/** Who looks copies the one message or the other. */
function browsing(stage: Stage, queue: number): () => Program {
  const { coordinator } = stage.bench;
  const staging = coordinator.takeStaging();
  return function* () {
    const octets = yield ['browse', queue, 0, 1, 2, BROWSED, staging, SEGMENT];
    const text = Buffer.from(stage.machine.bytes.slice(staging, staging + octets)).toString('latin1');
    if (text.includes('a'.repeat(3)) && text.includes('c'.repeat(3)) && octets < 2 * BROWSED)
      throw new Fault('parts of two messages were copied as one');
  };
}
const BROWSED = 200;

function asking(_stage: Stage, queue: number): () => Program {
  return function* () {
    const arrival = yield ['oldestArrival', queue, 0];
    const timestamp = yield ['nextTimestamp'];
    if (arrival <= 0 || timestamp < 0) return;
    const known = [FIRST, SECOND].some((one) => one.timestamp === timestamp && one.at === arrival);
    if (!known) throw new Fault(`a message came at ${arrival} that has the timestamp ${timestamp}`);
  };
}

/** A limit of octets comes. What moves meanwhile may be counted twice or not at all. */
function counting(stage: Stage, queue: number): () => Program {
  const by = stage.machine.workers;
  const octets = new Float64Array(1 + Math.max(...Object.values(FEATURE_AT)) / 8);
  writeFeatures(octets, 0, { ...NO_FEATURES, maxBytes: 2 ** 30 });
  return function* () {
    stage.machine.write(stage.scratch(by), new Uint8Array(octets.buffer));
    yield ['setFeatures', queue];
    if (Math.abs(yield ['readyBytes', queue]) > COUNTED_MOST) throw new Fault('octets are counted that nobody sent');
  };
}
const COUNTED_MOST = 4 * LARGE;

export const LOOKED_AT: readonly Scenario[] = [
  lookedAt('browsed', browsing),
  lookedAt('asked for its age', asking),
  lookedAt('counted', counting, 'body'),
];
