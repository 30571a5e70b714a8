/**
 * The way of a message through a vhost: from the exchange that it is published to, through bindings and alternate
 * exchanges, to queues. What must hold: a queue is found once, an exchange is asked once, and so no loop is endless.
 */
import type { Properties } from '../../amqp/properties.js';
import type { Queue } from '../../engine/engine.js';
import type { Clock } from '../../platform/clock.js';
import type { Deduplication } from '../history/deduplication.js';
import type { History } from '../history/history.js';
import { delayOf } from '../routing/delayed.js';
import { mayBeStored } from '../routing/recent-history.js';
import type { Routable } from '../routing/router.js';
import type { Destination, ExchangeEntry } from './topology-entries.js';
import type { Vhost } from './vhost.js';

/** The delivery mode of messages that must not be lost. */
const PERSISTENT = 2;

/** A message on its way. */
export interface Publication {
  readonly vhost: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  /** It has waited already for as long as its first exchange was to delay it. */
  readonly waited?: boolean;
}

/** Where a message goes. */
export interface Routed {
  /**
   * Each queue once, in the order of their discovery; hidden ones of exchanges that hold the message back among them.
   */
  readonly queues: readonly Queue[];
  /**
   * Exchanges that hold it back first: it is to be published there again when the time has come, as one that has
   * `waited`.
   */
  readonly delays: readonly Delay[];
  /** Where it is to be remembered. */
  readonly histories: readonly History[];
  /** Who has dropped it because it was here before; undefined: nobody. */
  readonly isDuplicate?: true;
  /** Who remembers from now on that it was here: they are to forget it where it is not taken. */
  readonly remembered?: readonly Deduplication[];
}

export interface Delay {
  readonly exchange: string;
  /** ms */
  readonly delay: number;
}

/** `waited`: the first exchange does not hold the message back, nor take it for a duplicate: it has seen it before. */
export function routesFrom(
  vhost: Vhost,
  first: ExchangeEntry,
  message: Routable,
  waited: boolean,
  clock: Pick<Clock, 'now'>,
): Routed {
  const queues = new Set<Queue>();
  const delays: Delay[] = [];
  const histories: History[] = [];
  const seen = new Seen(message.properties, clock.now());
  const visit = new Set([first]);
  // A set takes in what is added while it is walked, and each exchange once: that ends every cycle.
  for (const current of visit) {
    if (!(waited && current === first)) {
      if (seen.before(current.deduplication)) continue;
      const delay = current.delays ? delayOf(message.properties) : 0;
      if (delay > 0) {
        if (current.delayedQueue !== null && message.properties.deliveryMode === PERSISTENT)
          queues.add(current.delayedQueue.ref);
        else delays.push({ exchange: current.name, delay });
        continue;
      }
    }
    if (current.history !== null && mayBeStored(message.properties)) histories.push(current.history);
    let routed = false;
    const reach = (destination: Destination): void => {
      routed = true;
      if (destination.kind === 'exchange') visit.add(destination);
      else if (!queues.has(destination.ref) && !seen.before(destination.deduplication)) queues.add(destination.ref);
    };
    if (current.isDefault) reachByName(vhost, message, reach, queues);
    else current.router.match(message, (binding) => reach(binding.destination));
    const alternate = routed ? undefined : alternateOf(vhost, current);
    if (alternate !== undefined) visit.add(alternate);
  }
  return { queues: [...queues], delays, histories, ...seen.told };
}

/** What remembers messages, asked about one. */
class Seen {
  readonly #properties: Properties;
  readonly #now: number;
  #isDuplicate = false;
  #remembered: Deduplication[] | null = null;

  constructor(properties: Properties, now: number) {
    this.#properties = properties;
    this.#now = now;
  }

  before(deduplication: Deduplication | null): boolean {
    if (deduplication === null) return false;
    if (deduplication.isDuplicate(this.#properties, this.#now)) {
      this.#isDuplicate = true;
      return true;
    }
    this.#remembered ??= [];
    this.#remembered.push(deduplication);
    return false;
  }

  get told(): Pick<Routed, 'isDuplicate' | 'remembered'> {
    return {
      ...(this.#isDuplicate ? { isDuplicate: true } : {}),
      ...(this.#remembered === null ? {} : { remembered: this.#remembered }),
    };
  }
}

/** Whether an exchange that looks at more than the key lies on a way from `first`. */
export function asksOnTheWay(vhost: Vhost, first: ExchangeEntry): boolean {
  const visit = new Set([first]);
  for (const current of visit) {
    if (current.asksHost) return true;
    for (const next of followers(vhost, current)) visit.add(next);
  }
  return false;
}

/** The default exchange's bindings are implied: every queue is bound by its name. */
function reachByName(
  vhost: Vhost,
  { keys }: Routable,
  reach: (destination: Destination) => void,
  replies: Set<Queue>,
): void {
  for (const key of keys) {
    const queue = vhost.queues.get(key);
    if (queue !== undefined) reach(queue);
    const reply = vhost.replies.get(key);
    if (reply !== undefined) replies.add(reply);
  }
}

function alternateOf(vhost: Vhost, exchange: ExchangeEntry): ExchangeEntry | undefined {
  return exchange.alternate === null ? undefined : vhost.exchanges.get(exchange.alternate);
}

/** The exchanges that messages can go on to from here. */
function* followers(vhost: Vhost, exchange: ExchangeEntry): Iterable<ExchangeEntry> {
  const alternate = alternateOf(vhost, exchange);
  if (alternate !== undefined) yield alternate;
  if (exchange.isLast) return;
  for (const { destination } of exchange.outgoing.values()) {
    if (destination.kind === 'exchange') yield destination;
  }
}
