/** What came from another machine is written as it was, or refused with what is wrong with it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_SEED } from '../../dist/log/log-memory.js';
import { MessageField, RECORD_HEAD, spanOf } from '../../dist/log/record-format.js';
import { decodeChanges, encodeChanges } from '../../dist/store/definition-changes.js';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import { BatchError, ReceivedBatch } from '../../dist/store/log/received-batch.js';
import type { DefinitionChange } from '../../src/store/definitions.js';
import { openWriter, recover } from './support/logs.js';
import { recoveredQueues, storedMessage } from './support/messages.js';
import { SimulatedDirectory } from './support/simulated.js';

function sample(): BatchBuilder {
  const batch = new BatchBuilder();
  batch.message(0, storedMessage('first'));
  batch.message(1, storedMessage('second '.repeat(40_000)));
  batch.enqueue(256, 0, 1000, [0, 1]);
  batch.enqueue(512, 7, 1000, [1]);
  batch.ack(768, [{ from: 1, count: 2 }]);
  batch.requeued(768, new Map([[1, 3]]));
  return batch;
}

const octetsOf = (batch: BatchBuilder): Uint8Array => Buffer.concat(batch.stamp(NO_SEED));

test('it comes back from the file that it is written to, and has the same facts', async () => {
  const sent = sample();
  const octets = octetsOf(sent);
  const received = ReceivedBatch.checked(octets, sent);
  expect(received).toMatchObject({ octets: sent.octets, messages: 2, messageOctets: sent.messageOctets });
  expect(Buffer.compare(received.facts(), sent.facts())).toBe(0);
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await writer.append(received);
  await writer.close();
  const queues = await recoveredQueues(await recover(directory));
  expect(queues.get(256)?.map(({ body }) => body)).toEqual(['first', 'second '.repeat(40_000)]);
  expect(queues.get(512)?.map(({ position }) => position)).toEqual([7]);
  expect(() => received.facts()).toThrow('the batch was released');
});

/** What a core uses while it writes a message, and what fills records up. */
function meaningless(octets: Uint8Array): Set<number> {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const core = RECORD_HEAD + MessageField.CORE;
  const found = new Set(Array.from({ length: 8 }, (_, index) => core + index));
  for (let at = 0; at < octets.length; ) {
    const length = view.getUint32(at, true);
    for (let fill = at + RECORD_HEAD + length; fill < at + spanOf(length); fill++) found.add(fill);
    at += spanOf(length);
  }
  return found;
}

test('no octet of it can change', () => {
  const batch = new BatchBuilder();
  batch.message(5, storedMessage('body'));
  batch.enqueue(256, 0, 1000, [5]);
  const octets = octetsOf(batch);
  const nothing = meaningless(octets);
  for (let at = 0; at < octets.length; at++) {
    if (nothing.has(at)) continue;
    const changed = Uint8Array.from(octets);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    expect(() => ReceivedBatch.checked(changed, batch), `octet ${at}`).toThrow(BatchError);
  }
  const second = spanOf(new DataView(octets.buffer, octets.byteOffset).getUint32(0, true));
  for (let end = 0; end < octets.length; end++) {
    // Whole records are whole: that all of them are there is for who counts, and for the chain of hashes.
    if (end === second) continue;
    expect(() => ReceivedBatch.checked(octets.slice(0, end), batch), `cut at ${end}`).toThrow(BatchError);
  }
});

test("what is a node's own, or counted wrongly, is refused", () => {
  const checkpoint = new BatchBuilder();
  checkpoint.checkpoint({ queue: 256, next: 4, done: [], delivered: [], requeues: new Map() });
  expect(() => ReceivedBatch.checked(octetsOf(checkpoint), checkpoint)).toThrow('none of a participant');
  const batch = sample();
  const { messages, messageOctets } = batch;
  const octets = octetsOf(batch);
  expect(() => ReceivedBatch.checked(octets, { messages: messages + 1, messageOctets })).toThrow('2 messages');
  expect(() => ReceivedBatch.checked(octets, { messages, messageOctets: 8 })).toThrow('not 2 of 8');
});

test('changes of definitions are read as they were written', () => {
  const name = fc.string({ unit: 'binary', maxLength: 20 });
  const octets = fc.uint8Array({ maxLength: 50 });
  const queue = fc.record({ vhost: name, name, id: fc.nat(), autoDelete: fc.boolean(), arguments: octets });
  const policy = fc.record({
    vhost: name,
    name,
    operator: fc.boolean(),
    pattern: name,
    applyTo: name,
    priority: fc.integer(),
    definition: fc.dictionary(
      name.filter((key) => key !== '__proto__'),
      fc.oneof(name, fc.integer(), fc.boolean()),
    ),
  });
  const change: fc.Arbitrary<DefinitionChange> = fc.oneof(
    queue.map((definition): DefinitionChange => ({ put: 'queue', definition })),
    policy.map((definition): DefinitionChange => ({ put: 'policy', definition: { ...definition } })),
    fc.record({ vhost: name, name }).map((definition): DefinitionChange => ({ remove: 'queue', definition })),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 5 }), fc.integer({ min: 1, max: 2 ** 31 }), (changes, nextQueueId) => {
      const read = decodeChanges(encodeChanges({ changes, nextQueueId }));
      expect(JSON.stringify(read)).toBe(JSON.stringify({ nextQueueId, changes }));
      for (const one of read.changes) {
        if ('put' in one && one.put === 'queue') expect(one.definition.arguments).toBeInstanceOf(Uint8Array);
      }
    }),
  );
  const refused =
    (value: unknown): (() => unknown) =>
    () =>
      decodeChanges(Buffer.from(JSON.stringify(value)));
  expect(refused({ nextQueueId: 1 })).toThrow('without a list');
  expect(refused({ nextQueueId: 0, changes: [] })).toThrow('next queue has the id 0');
  expect(refused({ nextQueueId: 1, changes: [{ put: 'queue' }] })).toThrow('without a definition');
  expect(refused({ nextQueueId: 1, changes: [{ put: 'river', definition: {} }] })).toThrow('"river"');
});
