/**
 * What a leader may have written, by chance: portions as a node reads them, and what must be there of them. Lanes give
 * and take messages of a few queues, which are made, removed and made anew; each message is in one queue or in two.
 */
import { CHAIN_START } from '../../../dist/cluster/records/link.js';
import { batchBody, knownBody } from '../../../dist/cluster/records/record-bodies.js';
import { RecordEncoder } from '../../../dist/cluster/records/record-encoder.js';
import { RecordKind } from '../../../dist/cluster/records/record-layout.js';
import { RecordReader } from '../../../dist/cluster/records/record-reader.js';
import { NO_SEED } from '../../../dist/log/log-memory.js';
import { messageId } from '../../../dist/log/record-format.js';
import { encodeChanges } from '../../../dist/store/definition-changes.js';
import { BatchBuilder } from '../../../dist/store/log/batch.js';
import { logIdOf } from '../../../dist/store/queue-numbers.js';
import type { Portion } from '../../../src/cluster/protocol/replica-store.js';
import type { DefinitionChange } from '../../../src/store/definitions.js';
import { storedMessage } from '../../store/support/messages.js';
import type { Random } from '../../store/support/simulated.js';

const NOTHING = new Uint8Array(0);
const LANES = 3;
const NAMES = ['a', 'b', 'c'];
const MESSAGE_MAX = 8192;

/** What waits in a queue: bodies by position. */
interface Queue {
  readonly id: number;
  next: number;
  readonly waiting: Map<number, string>;
}

/** What must be there, behind some portions. */
export interface Expected {
  /** By name: the id, and bodies in order. */
  readonly queues: ReadonlyMap<string, { readonly id: number; readonly bodies: readonly string[] }>;
  /** By lane: where numbering goes on at least. */
  readonly nextMessages: ReadonlyMap<number, number>;
}

export interface Sample {
  readonly portion: Portion;
  readonly expected: Expected;
}

export class SampleStream {
  readonly #random: Random;
  readonly #encoder = new RecordEncoder(CHAIN_START, MESSAGE_MAX);
  readonly #reader = new RecordReader();
  readonly #queues = new Map<string, Queue>();
  readonly #next = new Map<number, number>();
  #sequence = 0;
  #nextQueueId = 1;
  #texts = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** So many portions, with what is there behind each. */
  take(count: number): Sample[] {
    return Array.from({ length: count }, () => this.#one());
  }

  #one(): Sample {
    const { kind, body } = this.#sequence === 0 ? { kind: RecordKind.FENCE, body: [Buffer.from('n')] } : this.#record();
    for (const message of this.#encoder.encode(kind, body)) {
      this.#sequence += 1;
      const reading = this.#reader.read(this.#sequence, message);
      if (reading.kind !== 'record') continue;
      const { position } = this.#reader;
      return { portion: { position, records: [reading.record], isOwn: false }, expected: this.#expected() };
    }
    throw new Error('a record was not read to its end');
  }

  #expected(): Expected {
    const queues = new Map(
      [...this.#queues].map(([name, { id, waiting }]) => {
        const places = [...waiting].sort(([one], [other]) => one - other);
        return [name, { id, bodies: places.map(([, body]) => body) }];
      }),
    );
    return { queues, nextMessages: new Map(this.#next) };
  }

  #record(): { kind: RecordKind; body: Uint8Array[] } {
    const chance = this.#random();
    if (this.#queues.size === 0 || chance < 0.06) return this.#definitions();
    if (chance < 0.08) return { kind: RecordKind.BEAT, body: [] };
    if (chance < 0.1) {
      const queues = [...this.#queues.values()].map(({ id, next }) => ({ queue: logIdOf(id), below: next }));
      return { kind: RecordKind.KNOWN, body: knownBody(queues) };
    }
    return this.#batch();
  }

  #definitions(): { kind: RecordKind; body: Uint8Array[] } {
    const name = NAMES[this.#index(NAMES.length)] as string;
    const removes = this.#queues.has(name) && this.#random() < 0.5;
    const changes: DefinitionChange[] = [];
    if (removes) {
      this.#queues.delete(name);
      changes.push({ remove: 'queue', definition: { vhost: '/', name } });
    } else {
      const id = this.#nextQueueId++;
      this.#queues.set(name, { id, next: 0, waiting: new Map() });
      changes.push({ put: 'queue', definition: { vhost: '/', name, id, autoDelete: false, arguments: NOTHING } });
    }
    return {
      kind: RecordKind.DEFINITIONS,
      body: [encodeChanges({ changes, nextQueueId: this.#nextQueueId })],
    };
  }

  #batch(): { kind: RecordKind; body: Uint8Array[] } {
    const lane = this.#index(LANES);
    const batch = new BatchBuilder();
    const queues = [...this.#queues.values()];
    for (let left = 1 + this.#index(4); left > 0; left--) {
      const queue = queues[this.#index(queues.length)] as Queue;
      if (queue.waiting.size > 0 && this.#random() < 0.5) this.#ack(batch, queue);
      else this.#publish(batch, lane, queue, queues);
    }
    const { messages, messageOctets } = batch;
    const nextMessage = this.#next.get(lane) ?? 0;
    return {
      kind: RecordKind.BATCH,
      body: batchBody({ lane, messages, messageOctets, nextMessage }, batch.stamp(NO_SEED)),
    };
  }

  #ack(batch: BatchBuilder, queue: Queue): void {
    // The first ones for the most part, so that files come to be dead.
    const places = [...queue.waiting.keys()];
    const at = this.#random() < 0.8 ? 0 : this.#index(places.length);
    for (const position of places.slice(at, at + 1 + this.#index(5))) {
      queue.waiting.delete(position);
      batch.ack(logIdOf(queue.id), [{ from: position, count: 1 }]);
    }
  }

  #publish(batch: BatchBuilder, lane: number, queue: Queue, all: readonly Queue[]): void {
    const sequence = this.#next.get(lane) ?? 0;
    this.#next.set(lane, sequence + 1);
    const id = messageId(lane, sequence);
    const body = `${this.#texts++} ${'.'.repeat(this.#index(800))}`;
    batch.message(id, storedMessage(body));
    const other = all[this.#index(all.length)] as Queue;
    for (const one of new Set([queue, other])) {
      batch.enqueue(logIdOf(one.id), one.next, 1000, [id]);
      one.waiting.set(one.next, body);
      one.next += 1;
    }
  }

  #index(count: number): number {
    return Math.floor(this.#random() * count);
  }
}
