/** Portions as a node's reader gives them, of records that a test names. */
import { CHAIN_START } from '../../../dist/cluster/records/link.js';
import { batchBody } from '../../../dist/cluster/records/record-bodies.js';
import { RecordEncoder } from '../../../dist/cluster/records/record-encoder.js';
import { RecordKind } from '../../../dist/cluster/records/record-layout.js';
import { RecordReader } from '../../../dist/cluster/records/record-reader.js';
import { NO_SEED } from '../../../dist/log/log-memory.js';
import { encodeChanges } from '../../../dist/store/definition-changes.js';
import { BatchBuilder } from '../../../dist/store/log/batch.js';
import type { Portion } from '../../../src/cluster/protocol/replica-store.js';
import type { DefinitionChange } from '../../../src/store/definitions.js';

export class Portions {
  readonly #encoder = new RecordEncoder(CHAIN_START, 1 << 20);
  readonly #reader = new RecordReader();
  readonly all: Portion[] = [];

  constructor() {
    this.add(RecordKind.FENCE, [Buffer.from('n')]);
  }

  add(kind: RecordKind, body: readonly Uint8Array[]): void {
    const records = this.#encoder.encode(kind, body).map((message) => {
      const reading = this.#reader.read(this.#reader.end.sequence + 1, message);
      if (reading.kind !== 'record') throw new Error('a record in parts');
      return reading.record;
    });
    this.all.push({ position: this.#reader.position, records, isOwn: false });
  }

  definitions(changes: readonly DefinitionChange[], nextQueueId: number): void {
    this.add(RecordKind.DEFINITIONS, [encodeChanges({ changes, nextQueueId })]);
  }

  batch(lane: number, nextMessage: number, fill: (batch: BatchBuilder) => void): void {
    const batch = new BatchBuilder();
    fill(batch);
    const { messages, messageOctets } = batch;
    this.add(RecordKind.BATCH, batchBody({ lane, messages, messageOctets, nextMessage }, batch.stamp(NO_SEED)));
  }
}
