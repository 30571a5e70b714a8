/** What is said of consumers: who there are, from where, and why each of them does not take more. */
import type { Json } from '../../http/listings.js';
import { argumentsOf, type ConsumerScene, type KeptScene, type Scene } from './scene.js';
import { count, duration, type Statement, statement } from './statement.js';

/** Of so many consumers one by one is told; of the others how many there are. */
const TOLD = 20;
/** Who has acknowledged nothing for so long (ms), although it holds something, is silent. */
const SILENT_MS = 5_000;

export function aboutConsumers(scene: Scene): Statement[] {
  const { consumers, kept } = scene;
  const none = consumers.length === 0 ? [noConsumers(scene)] : [];
  const told = consumers.slice(0, TOLD).map((consumer) => aboutConsumer(scene, consumer));
  return [...none, ...told, ...others(scene), ...kept.slice(0, TOLD).map((one) => aboutKept(scene, one))];
}

function noConsumers({ ready }: Scene): Statement {
  if (ready === 0) return statement('no-consumers', 'Nobody consumes from the queue.', { consumers: 0 });
  return statement(
    'no-consumers',
    `Nobody consumes from the queue, and ${count(ready, 'message')} ${ready === 1 ? 'waits' : 'wait'}.`,
    { consumers: 0, messages_ready: ready },
    'Start its consumers, or find out why they have gone: the log says of each connection why it was closed.',
  );
}

function others({ consumers }: Scene): Statement[] {
  const more = consumers.length - TOLD;
  if (more <= 0) return [];
  const untold = consumers.slice(TOLD);
  const figures = {
    consumers: consumers.length,
    at_prefetch: untold.filter(({ ability }) => ability === 'without credit').length,
    not_reading: untold.filter(({ ability }) => ability === 'without output').length,
    standing_by: untold.filter(({ ability }) => ability === 'standing by').length,
  };
  const text =
    `Of ${count(more, 'more consumer')} ${figures.at_prefetch} are at their prefetch, ${figures.not_reading} do not ` +
    `read, ${figures.standing_by} stand by.`;
  return [statement('more-consumers', text, figures, 'leveret ctl list_consumers tells of all.')];
}

function aboutConsumer(scene: Scene, consumer: ConsumerScene): Statement {
  const figures = figuresOf(scene, consumer);
  const who = `Consumer ${consumer.tag} of ${consumer.user} at ${consumer.connection}, channel ${consumer.channel},`;
  const silence = silenceOf(scene, consumer);
  switch (consumer.ability) {
    case 'standing by':
      return statement(
        'consumer-standing-by',
        `${who} stands by: the queue has a single active consumer, and that is another.`,
        figures,
      );
    case 'without credit': {
      const limit = consumer.prefetch || consumer.globalPrefetch;
      const held = `${count(consumer.unacknowledged, 'message')} unacknowledged`;
      const bound = limit === 0 ? 'as many as its channel may' : `its prefetch is ${limit}`;
      return statement(
        'consumer-at-prefetch',
        `${who} gets no more: it holds ${held}, and ${bound}. ${silence}`,
        figures,
        'See what its program does with them, or raise its prefetch if it is only far away.',
      );
    }
    case 'without output':
      return statement(
        'consumer-not-reading',
        `${who} does not read: ${count(consumer.unsent, 'octet')} that were sent wait for its client. ${silence}`,
        figures,
        `See whether its program is stuck; leveret ctl close_connection gives back what it holds.`,
      );
    case 'able':
      return ableConsumer(scene, consumer, who, silence, figures);
  }
}

function ableConsumer(
  { consumers, ready, isPaused }: Scene,
  consumer: ConsumerScene,
  who: string,
  silence: string,
  figures: Readonly<Record<string, Json>>,
): Statement {
  const higher = consumers.find((other) => other.priority > consumer.priority && other.ability === 'able');
  if (higher !== undefined && !isPaused) {
    const text =
      `${who} is outranked: its priority is ${consumer.priority}, and ${higher.tag} with ${higher.priority} could ` +
      'take all.';
    return statement('consumer-outranked', text, { ...figures, outranked_by: higher.tag });
  }
  if (isSilent(figures)) {
    const held = count(consumer.unacknowledged, 'message');
    const text = `${who} could take more, but acknowledges nothing: it holds ${held}. ${silence}`;
    const next = 'See whether its program forgets to acknowledge; without a prefetch it takes the whole queue.';
    return statement('consumer-silent', text, figures, next);
  }
  const doing = ready > 0 && !isPaused ? 'takes messages' : 'waits for messages';
  return statement('consumer-able', `${who} ${doing}. ${silence}`, figures);
}

function isSilent({ acknowledged_nothing_for: silent }: Readonly<Record<string, Json>>): boolean {
  return typeof silent === 'number' && silent >= SILENT_MS;
}

/** Since when it has acknowledged nothing, although it had something to (ms); null: it has nothing, or need not. */
function silentFor({ now }: Scene, consumer: ConsumerScene): number | null {
  const { noAck, oldestDelivery, lastAcknowledgement } = consumer;
  if (noAck || oldestDelivery === null) return null;
  return Math.max(0, Math.round(now - Math.max(oldestDelivery, lastAcknowledgement ?? 0)));
}

function silenceOf(scene: Scene, consumer: ConsumerScene): string {
  const { now } = scene;
  if (consumer.noAck) return 'It acknowledges nothing, as it has asked for.';
  const silent = silentFor(scene, consumer);
  const last = consumer.lastAcknowledgement;
  if (last === null) {
    const since = duration(now - consumer.consumingSince);
    return `It has acknowledged nothing since it began ${since} ago.`;
  }
  if (silent === null) return `It last acknowledged ${duration(now - last)} ago, and holds nothing.`;
  return `It has acknowledged nothing for ${duration(silent)}.`;
}

function figuresOf(scene: Scene, consumer: ConsumerScene): Record<string, Json> {
  const { now } = scene;
  const ago = (time: number | null): number | null => (time === null ? null : Math.max(0, Math.round(now - time)));
  return {
    consumer_tag: consumer.tag,
    connection: consumer.connection,
    channel: consumer.channel,
    user: consumer.user,
    prefetch_count: consumer.prefetch,
    global_prefetch_count: consumer.globalPrefetch,
    priority: consumer.priority,
    messages_unacknowledged: consumer.unacknowledged,
    oldest_unacknowledged_age: ago(consumer.oldestDelivery),
    acknowledged_nothing_for: silentFor(scene, consumer),
    last_acknowledged_ago: ago(consumer.lastAcknowledgement),
    last_delivered_ago: ago(consumer.lastDelivery),
    consuming_for: ago(consumer.consumingSince),
    send_pend: consumer.unsent,
  };
}

function aboutKept(scene: Scene, { connection, channel, count: held, since }: KeptScene): Statement {
  const age = Math.max(0, Math.round(scene.now - since));
  return statement(
    'kept-without-consumer',
    `Channel ${channel} of ${connection} keeps ${count(held, 'message')} that no consumer has: by basic.get, or of a ` +
      `consumer that was cancelled; the oldest for ${duration(age)}.`,
    { connection, channel, messages_unacknowledged: held, oldest_unacknowledged_age: age },
    `Closing that channel gives them back to ${argumentsOf(scene)}.`,
  );
}
