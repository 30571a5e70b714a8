/**
 * A small host of the core: one connection, named queues with a channel each, and routes to them. Each step of a
 * scenario (../README.md) is one call of `step`, which returns what came of it.
 */
import { layout, NO_FEATURES, Stop } from 'leveret/core';
import { messages, publish } from './frames.mjs';

/** The channel that publishes; those of the queues come behind it. */
const PUBLISHER = 1;

export class Host {
  #engine;
  #connection;
  /** Queues by name, in the order in which they were made. */
  #queues = new Map();
  #routes = new Map();
  #published = 0;

  /** `engine`: a participant that has joined a core (`openCore`, `joinCore`). */
  constructor(engine) {
    this.#engine = engine;
    this.#connection = engine.openConnection(0, 0);
    engine.setFrameMax(this.#connection, layout.FRAME_MAX);
    engine.openChannel(this.#connection, PUBLISHER);
  }

  /** Does a step, then all that follows of it. Returns what was delivered, and ready+unacknowledged of each queue. */
  step(line) {
    const [name, ...given] = line.split(' ');
    this.#do(name, given);
    const read = this.#settle();
    const delivered = [];
    const left = [];
    for (const [queue, { address, channel, number }] of this.#queues) {
      const here = read.filter((message) => message.channel === number);
      if (here.length > 0) delivered.push(`${queue} ${here.map(textOf).join(' ')}`);
      left.push(`${this.#engine.readyCount(address)}+${this.#engine.unackedCount(channel)}`);
    }
    return `${delivered.join(', ')} | ${left.join(' ')}`;
  }

  #do(name, given) {
    switch (name) {
      case 'queue':
        return this.#declare(...given);
      case 'route':
        return this.#route(...given);
      case 'publish':
        return this.#publishMany(...given);
      case 'consume':
        return this.#consume(...given);
      case 'cancel':
        return this.#engine.cancelConsumer(this.#queue(given[0]).consumer);
      case 'get':
        return this.#get(...given);
      case 'ack':
        return this.#answer(...given, false, null);
      case 'ack-all':
        return this.#answer(...given, true, null);
      case 'requeue':
        return this.#answer(...given, false, true);
      case 'reject':
        return this.#answer(...given, false, false);
      case 'recover':
        return this.#engine.recover(this.#queue(given[0]).channel);
      case 'purge':
        return this.#engine.purge(this.#queue(given[0]).address);
      case 'time':
        return this.#advance(Number(given[0]));
      default:
        throw new Error(`no step is called ${name}`);
    }
  }

  #declare(name, ttl, maxLength, deliveryLimit, deadLetters) {
    const address = this.#engine.createQueue();
    const number = PUBLISHER + 1 + this.#queues.size;
    const channel = this.#engine.openChannel(this.#connection, number);
    this.#queues.set(name, { address, number, channel, consumer: 0, deadLetters });
    this.#engine.setFeatures(address, {
      ...NO_FEATURES,
      ttl: limit(ttl),
      maxLength: limit(maxLength),
      deliveryLimit: limit(deliveryLimit),
      deadLetters: deadLetters !== '-',
    });
    // What keys lead to may have changed: every participant forgets the routes that it knew.
    this.#engine.applyTopology(this.#engine.raiseTopology());
  }

  #route(key, ...names) {
    this.#routes.set(
      key,
      names.map((name) => this.#queue(name).address),
    );
  }

  #publishMany(key, count, size) {
    for (let i = 0; i < Number(count); i++) this.#publish(key, Number(size));
  }

  #queue(name) {
    return this.#queues.get(name);
  }

  /** Brings a message in as its client sends it. */
  #publish(key, size) {
    this.#published += 1;
    const { bytes, readOffset } = this.#engine;
    const frames = publish(PUBLISHER, key, body(this.#published, size));
    for (let at = 0; at < frames.length; ) {
      const part = frames.subarray(at, at + this.#engine.readLength);
      bytes.set(part, readOffset);
      const stop = this.#engine.ingest(this.#connection, readOffset, part.length);
      at += this.#engine.consumed;
      // A key that the core does not know, or does not know any more.
      if (stop === Stop.ROUTE) this.#engine.installRoute(this.#connection, this.#routes.get(key) ?? [], 0, 0);
      else if (stop !== Stop.END) throw new Error(`a read stopped for ${stop}`);
    }
  }

  #consume(name, prefetch) {
    const queue = this.#queue(name);
    const tag = new TextEncoder().encode(name);
    queue.consumer = this.#engine.addConsumer(queue.channel, queue.address, tag, false, Number(prefetch), 0);
  }

  #get(name) {
    const { address, channel } = this.#queue(name);
    this.#engine.get(channel, address, false);
  }

  /** `requeue`: whether the message goes back; null: it is acknowledged. */
  #answer(name, tag, multiple, requeue) {
    const known = this.#engine.settle(this.#queue(name).channel, Number(tag), multiple, requeue);
    if (!known) throw new Error(`${name} has not delivered ${tag}`);
  }

  #advance(now) {
    this.#engine.setTime(now);
    while (this.#engine.sweep());
  }

  /** What a host does in each turn, until nothing is left to do. Returns what the client has read. */
  #settle() {
    const read = [];
    for (let more = true; more; ) {
      const passed = this.#passDeadLetters();
      more = this.#engine.serve() || passed;
      while (this.#engine.nextOutput() !== -1) {
        const { bytes, outputOffset, outputLength, outputBox } = this.#engine;
        read.push(...messages(bytes.slice(outputOffset, outputOffset + outputLength)));
        // As soon as the octets are out of the core's memory it may use it again.
        this.#engine.written(this.#connection, outputBox);
        more = true;
      }
    }
    return read;
  }

  /** Sends on what died in a queue with dead letters. True: there were some. */
  #passDeadLetters() {
    const engine = this.#engine;
    let passed = false;
    for (let message = engine.nextDead(); message !== 0; message = engine.nextDead()) {
      const from = [...this.#queues.values()].find((queue) => queue.address === engine.deadQueue);
      const to = this.#queue(from.deadLetters).address;
      engine.republish(message, engine.messageKey(message), engine.messageHeader(message), [to]);
      engine.settleDead();
      passed = true;
    }
    return passed;
  }
}

function limit(text) {
  return text === '-' ? null : Number(text);
}

/** A message's number, made as long as is asked by dots behind it. */
function body(published, size) {
  return new TextEncoder().encode(String(published).padEnd(size, '.'));
}

/** How a delivery stands in an outcome: its tag, the number of its message, and whether it came before. */
function textOf({ tag, redelivered, body }) {
  const number = Number.parseInt(new TextDecoder().decode(body.subarray(0, 12)), 10);
  return `${tag}:${number}${redelivered ? 'r' : ''}`;
}
