/**
 * What stands above a leader, as small as it can be: it recovers from the store, publishes, delivers while the hold
 * lets it, and lets go of what was delivered. Each fact goes through the stream first.
 */
import type { AppendKind, ClusterNode } from '../../../src/cluster/protocol/cluster-node.js';
import { batchBody, deletedBody, knownBody, readBody } from '../../../src/cluster/records/record-bodies.js';
import { RecordKind } from '../../../src/cluster/records/record-layout.js';
import type { StreamRecord } from '../../../src/cluster/records/record-reader.js';
import type { Clock } from '../../../src/platform/clock.js';
import type { Random } from '../../store/support/simulated.js';
import { factsOf, type Ledger } from './ledger.js';

const LANES = 2;

export interface BrokerOptions {
  readonly name: string;
  readonly node: ClusterNode;
  readonly epoch: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  /** ms between two turns, on average. */
  readonly pace: number;
  /** A number that nobody else has. */
  readonly number: () => number;
}

export class Broker {
  readonly #options: BrokerOptions;
  readonly #waiting: string[] = [];
  readonly #unknown: string[] = [];
  /** Next message id of each lane. */
  readonly #next: number[] = Array.from({ length: LANES }, () => 1);

  constructor(options: BrokerOptions, records: readonly StreamRecord[]) {
    this.#options = options;
    this.#recover(records);
    this.#later();
  }

  /** What is done is cleared away here, and its ids with it: what the batches say of the next one stays. */
  #recover(records: readonly StreamRecord[]): void {
    const waiting = new Map<string, { lane: number; id: number }>();
    for (const record of records) {
      if (record.kind === RecordKind.BATCH) {
        const body = readBody(record);
        if (body.kind === 'batch') this.#floor(body.batch.lane, body.batch.nextMessage);
      }
      for (const fact of factsOf(record)) {
        if (fact.startsWith('-')) waiting.delete(fact.slice(1));
        else {
          const [lane = 0, id = 0, text = ''] = fact.slice(1).split(':');
          waiting.set(`${text}`, { lane: Number(lane), id: Number(id) });
        }
      }
    }
    for (const [text, { lane, id }] of waiting) {
      this.#floor(lane, id + 1);
      this.#waiting.push(text);
    }
  }

  #floor(lane: number, next: number): void {
    this.#next[lane] = Math.max(this.#next[lane] ?? 1, next);
  }

  #later(): void {
    const { clock, random, pace } = this.#options;
    clock.after(random() * 2 * pace, () => this.#turn());
  }

  #turn(): void {
    const { node, clock, random, epoch, name, ledger } = this.#options;
    if (node.role.kind !== 'leader') return;
    if (!node.isFull) {
      if (random() < 0.7) this.#publish();
      if (random() < 0.1) this.#other();
    }
    if (node.hold(clock.elapsed()) === 'serve') {
      for (const text of this.#waiting.splice(0, 2)) {
        ledger.onDelivery(name, epoch, text);
        this.#unknown.push(text);
      }
      if (random() < 0.5) this.#done();
    }
    this.#later();
  }

  #publish(): void {
    const { random, number } = this.#options;
    const lane = Math.floor(random() * LANES);
    // Some are longer than a message of the stream, and few than a standby may hold.
    const octets = random() < 0.03 ? 'x'.repeat(random() < 0.2 ? 3000 : 600) : '';
    const texts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => `${number()}`);
    texts[0] += octets;
    const facts = texts.map((text) => {
      const id = this.#next[lane] ?? 1;
      this.#next[lane] = id + 1;
      return `+${lane}:${id}:${text}`;
    });
    this.#append(lane, texts.length, facts, () => this.#waiting.push(...texts));
  }

  #done(): void {
    const texts = this.#unknown.splice(0, 1 + Math.floor(this.#options.random() * 3));
    const facts = texts.map((text) => `-${text}`);
    if (facts.length > 0) this.#append(0, 0, facts, () => {});
  }

  #append(lane: number, messages: number, facts: readonly string[], done: () => void): void {
    const payload = Buffer.from(facts.join(' '), 'latin1');
    const head = {
      lane,
      messages,
      messageOctets: messages === 0 ? 0 : payload.length,
      nextMessage: this.#next[lane] ?? 1,
    };
    const { node, ledger, epoch } = this.#options;
    node.append(RecordKind.BATCH, batchBody(head, [payload]), (outcome) => {
      if (outcome.kind === 'fenced') return;
      for (const fact of facts) ledger.onConfirmed(fact, outcome.sequence, epoch);
      done();
    });
  }

  /** Definitions and what else there is. */
  #other(): void {
    const { random, number, node } = this.#options;
    const one = number();
    const kinds: readonly [AppendKind, Uint8Array[]][] = [
      [RecordKind.DEFINITIONS, [Buffer.from(`d${one}`)]],
      [RecordKind.KNOWN, knownBody([{ queue: 1, below: one }])],
      [RecordKind.DELETED, deletedBody([one])],
    ];
    const [kind, body] = kinds[Math.floor(random() * kinds.length)] ?? [RecordKind.DELETED, deletedBody([one])];
    node.append(kind, body, () => {});
  }
}
