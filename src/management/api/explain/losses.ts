/** What is said of messages that come again and again, expire, are dropped, or die and arrive nowhere. */
import { argumentsOf, type Scene } from './scene.js';
import { count, duration, type Statement, statement } from './statement.js';
import { baseOf } from './trend.js';

/** So many deliveries were made again at least, and such a part of all. */
const AGAIN_LEAST = 3;
const AGAIN_PART = 0.5;

export function aboutLosses(scene: Scene): Statement[] {
  return [...redelivered(scene), ...expiring(scene), ...dropped(scene), ...deadLetters(scene)];
}

function redelivered(scene: Scene): Statement[] {
  const { totals, now, features } = scene;
  const base = baseOf(scene);
  const again = totals.redelivered - (base?.redelivered ?? 0);
  const delivered = totals.delivered - (base?.delivered ?? 0);
  const acknowledged = totals.acknowledged - (base?.acknowledged ?? 0);
  if (again < AGAIN_LEAST || again < AGAIN_PART * delivered) return [];
  const when = base === null ? 'so far' : `in the last ${duration(now - base.time)}`;
  const taken =
    acknowledged === 0 ? 'None was acknowledged: a message that nobody can handle comes again and again.' : '';
  const limit =
    features.deliveryLimit === null
      ? 'set a delivery-limit and a dead letter exchange by a policy, so that it leaves after some attempts'
      : `it dies after ${features.deliveryLimit} attempts`;
  return [
    statement(
      'redelivered-over-and-over',
      `${again.toLocaleString('en')} of ${count(delivered, 'delivery', 'deliveries')} ${when} were of messages ` +
        `that had been delivered before. ${taken}`.trim(),
      { redelivered: again, delivered, acknowledged, delivery_limit: features.deliveryLimit },
      `See which it is (get it, and have it requeued); ${limit}.`,
    ),
  ];
}

function expiring({ features: { ttl }, died: { expired }, deadLetters: target, totals }: Scene): Statement[] {
  if (expired === 0) return [];
  const own = ttl === null ? 'at times of their own' : `after ${duration(ttl)}, as the queue asks for`;
  const fate = target === null ? 'They are gone.' : 'They are dead letters.';
  return [
    statement(
      'expiring',
      `${count(expired, 'message')} of ${totals.enqueued.toLocaleString('en')} died of age: ${own}. ${fate}`,
      { expired, published: totals.enqueued, message_ttl: ttl },
      'Where that is not wanted: consume faster, or raise the time to live.',
    ),
  ];
}

function dropped({ died, features, deadLetters: target }: Scene): Statement[] {
  if (died.maxlen === 0) return [];
  const fate = target === null ? 'they are gone' : 'they are dead letters';
  const text = `${count(died.maxlen, 'message')} had no room in the queue: ${fate}.`;
  const figures = { dropped: died.maxlen, max_length: features.maxLength, max_length_bytes: features.maxBytes };
  return [statement('dropped-for-length', text, figures, 'Have it emptied faster, or raise its limit.')];
}

const FAULTS = {
  'no exchange': 'there is no such exchange',
  'no binding': 'nothing is bound to that exchange',
  'no queue': 'there is no queue of that name',
} as const;

function deadLetters(scene: Scene): Statement[] {
  const { deadLetters: target, died } = scene;
  if (target === null || target.fault === null) return [];
  const dead = died.rejected + died.expired + died.maxlen + died.limit;
  const where = target.exchange === '' ? `queue '${target.routingKey ?? ''}'` : `exchange '${target.exchange}'`;
  return [
    statement(
      'dead-letters-go-nowhere',
      `What dies in the queue goes to ${where}, and is lost: ${FAULTS[target.fault]}. ` +
        `${count(dead, 'message')} died so far.`,
      {
        dead_letter_exchange: target.exchange,
        dead_letter_routing_key: target.routingKey,
        died: dead,
        fault: target.fault,
      },
      `Declare or bind it, or change what ${argumentsOf(scene)} has as dead letter exchange.`,
    ),
  ];
}
