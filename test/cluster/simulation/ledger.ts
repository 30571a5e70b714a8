/**
 * What all nodes together were told and have done, by true time, held against each other while the run goes on. What
 * must hold is told where it is looked at; the first promise that is broken is kept.
 */
import { readBody } from '../../../src/cluster/records/record-bodies.js';
import { RecordKind } from '../../../src/cluster/records/record-layout.js';
import type { StreamRecord } from '../../../src/cluster/records/record-reader.js';

/** What a batch of the simulation has in it: `+lane:id:text` for a message, `-text` for one that is done. */
export function factsOf(record: StreamRecord): string[] {
  if (record.kind !== RecordKind.BATCH) return [];
  const body = readBody(record);
  return body.kind === 'batch' ? Buffer.from(body.batch.payload).toString('latin1').split(' ') : [];
}

export function sameRecord(one: StreamRecord | undefined, other: StreamRecord): boolean {
  return (
    one !== undefined &&
    one.kind === other.kind &&
    one.epoch === other.epoch &&
    one.sequence === other.sequence &&
    Buffer.compare(one.body, other.body) === 0
  );
}

export class Ledger {
  broken: string | null = null;
  /** Where each fact was confirmed. */
  readonly confirmed = new Map<string, number>();
  /** The last of each epoch. */
  readonly #confirmedLast = new Map<number, number>();
  deliveries = 0;
  readonly leaders = new Set<number>();
  #epoch = 0;

  breaks(promise: string): void {
    this.broken ??= promise;
  }

  /** No two lead one epoch. */
  onLeader(name: string, epoch: number): void {
    if (this.leaders.has(epoch)) this.breaks(`${name} leads epoch ${epoch}, as another one does`);
    this.leaders.add(epoch);
    this.#epoch = Math.max(this.#epoch, epoch);
  }

  /** Nobody delivers after another one has begun, and nothing is delivered that is done. */
  onDelivery(name: string, epoch: number, text: string): void {
    this.deliveries += 1;
    if (epoch < this.#epoch) {
      this.breaks(`${name} delivers ${text} in epoch ${epoch}, when that of epoch ${this.#epoch} has begun`);
    }
    if (this.confirmed.has(`-${text}`)) this.breaks(`${name} delivers ${text}, which was done for certain`);
  }

  /** Who leads is told in the order of the stream. */
  onConfirmed(fact: string, sequence: number, epoch: number): void {
    if (this.confirmed.has(fact)) this.breaks(`'${fact}' is confirmed twice`);
    if (sequence < (this.#confirmedLast.get(epoch) ?? 0)) this.breaks(`'${fact}' is confirmed behind a later one`);
    this.confirmed.set(fact, sequence);
    this.#confirmedLast.set(epoch, sequence);
  }

  /** Who begins to serve has all that was confirmed, once and where it was confirmed. */
  onServes(name: string, records: readonly StreamRecord[]): void {
    const places = new Map<string, number>();
    for (const record of records) {
      for (const fact of factsOf(record)) {
        if (places.has(fact)) this.breaks(`${name} has '${fact}' twice`);
        places.set(fact, record.sequence);
      }
    }
    for (const [fact, sequence] of this.confirmed) {
      const place = places.get(fact);
      if (place === undefined) return this.breaks(`${name} serves, and does not have '${fact}', which was confirmed`);
      if (place !== sequence) return this.breaks(`${name} has '${fact}' at ${place}, confirmed at ${sequence}`);
    }
  }
}
