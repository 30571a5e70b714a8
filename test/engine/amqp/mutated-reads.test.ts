/**
 * Reads that no client would send: whole streams with octets changed, cut out, doubled, and cut anywhere. Both engines
 * must stop at the same places for the same reasons, say the same to the client, and leave what is others' alone.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { Stop } from '../../../src/engine/engine.js';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, entry, frame, longString, nack, properties, publish } from '../support/frames.js';

const READS = 100_000;
const CANARIES = 40;

/** xorshift32: the same sequence for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const HEADERS = Buffer.concat([
  entry('a', 'S', longString(Buffer.from('text'))),
  entry('b', 'F', longString(entry('c', 'l', Buffer.alloc(8)))),
  entry('CC', 'A', longString(Buffer.alloc(0))),
]);
const SAMPLES = [
  publish(1, 'q', Buffer.from('a small message')),
  publish(2, 'q', Buffer.alloc(300, 'b'), { frameBody: 90 }),
  publish(1, 'nowhere', Buffer.from('mandatory'), { mandatory: true }),
  publish(1, 'q', Buffer.alloc(0)),
  publish(2, 'q', Buffer.alloc(3_000, 'c')),
  publish(1, 'q', Buffer.from('expires'), { properties: properties({ priority: 3, expiration: '50' }) }),
  publish(2, 'q', Buffer.from('asks'), {
    properties: properties({ headers: HEADERS, replyTo: 'amq.rabbitmq.reply-to' }),
  }),
  Buffer.concat([ack(1, 1), ack(1, 2, true), ack(2, 0, true)]),
  Buffer.concat([nack(1, 1, true, true), nack(2, 3, false, false), nack(1, 0, true, true)]),
  frame(8, 0, Buffer.alloc(0)),
  frame(1, 1, Buffer.from([0, 20, 0, 40, 0, 200, 0, 0, 0, 0, 0])),
];

/** A read: some samples one after the other, some of their octets changed. */
function mutated(random: (below: number) => number): Buffer {
  const parts = Array.from({ length: 1 + random(3) }, () => SAMPLES[random(SAMPLES.length)] ?? Buffer.alloc(0));
  const bytes = Buffer.concat(parts);
  for (let changes = random(4); changes > 0; changes--) {
    const at = random(bytes.length);
    const octets = [0, 1, 2, 3, 0xce, 0xff, 0x7f, random(256)];
    bytes[at] = octets[random(octets.length)] ?? 0;
  }
  const cut = random(5);
  if (cut === 0) return bytes.subarray(0, random(bytes.length) + 1);
  if (cut === 1) return bytes.subarray(random(bytes.length));
  return bytes;
}

/** A client that sends nonsense, and starts anew when its stream cannot be followed any more. */
class Fiend {
  #client: Client;

  constructor(readonly bench: Bench) {
    bench.queue('q');
    this.#client = this.#connect();
  }

  #connect(): Client {
    const client = this.bench.client(0, 4096);
    this.bench.engine().setConfirm(client.open(1));
    client.open(2);
    client.consume(1, 'q', { prefetch: 5 });
    return client;
  }

  /** Sends a read; returns what it led to. */
  send(bytes: Buffer): unknown {
    const stop = this.#client.feed(bytes);
    this.bench.serve();
    const outcome = {
      stop,
      stops: this.#client.stops.splice(0),
      heard: this.#client.received(),
    };
    if (stop === Stop.OVERSIZE || stop === Stop.FRAME_END) this.renew();
    return outcome;
  }

  renew(): void {
    this.#client.close();
    this.#client = this.#connect();
    // What nobody acknowledges would pile up.
    this.bench.engine().purge(this.bench.queue('q'));
  }
}

test(
  'a hundred thousand mutated reads have the same outcome on both engines, and others keep their messages',
  {
    timeout: 400_000,
  },
  async () => {
    const seed = Number(process.env.LEVERET_SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.info(`mutated reads: repeat with LEVERET_SEED=${seed}`);
    const random = randomFrom(seed);
    const benches = await Promise.all(ENGINES.map((kind) => Bench.open(kind, { mebibytes: 64 })));
    const canaries = Array.from({ length: CANARIES }, (_, i) => `canary ${i} `.repeat(i * 50 + 1));
    for (const bench of benches) {
      bench.queue('canaries');
      const owner = bench.client();
      owner.open(1);
      for (const canary of canaries) owner.feed(publish(1, 'canaries', Buffer.from(canary)));
    }
    const fiends = benches.map((bench) => new Fiend(bench));
    for (let read = 0; read < READS; read++) {
      const bytes = mutated(random);
      const [first, second] = fiends.map((fiend) => fiend.send(bytes));
      if (!isDeepStrictEqual(first, second)) expect({ read, outcome: second }).toEqual({ read, outcome: first });
      if (read % 50 === 49) for (const fiend of fiends) fiend.renew();
    }
    for (const bench of benches) {
      const owner = bench.client();
      owner.consume(1, 'canaries');
      bench.serve();
      expect(owner.bodies()).toEqual(canaries);
    }
  },
);
