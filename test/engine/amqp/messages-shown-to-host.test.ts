/** Messages that the host must see because of what they carry, and those that it need not. */
import { describe, expect, test } from 'vitest';
import { Stop } from '../../../src/engine/engine.js';
import { ENGINES } from '../support/bench.js';
import { entry, longString, properties, publish } from '../support/frames.js';
import { scenario, text } from '../support/scenario.js';

const NUMBER = Buffer.of(0, 0, 0, 7);
const EIGHT = Buffer.alloc(8);
const NESTED = longString(entry('CC', 'S', longString(text('not at the top'))));
/** One of each type, none of which is a copy. */
const HARMLESS = Buffer.concat([
  entry('t', 't', Buffer.of(1)),
  entry('b', 'b', Buffer.of(1)),
  entry('B', 'B', Buffer.of(1)),
  entry('s', 's', Buffer.of(0, 1)),
  entry('u', 'u', Buffer.of(0, 1)),
  entry('I', 'I', NUMBER),
  entry('i', 'i', NUMBER),
  entry('l', 'l', EIGHT),
  entry('L', 'L', EIGHT),
  entry('f', 'f', NUMBER),
  entry('d', 'd', EIGHT),
  entry('D', 'D', Buffer.of(0, 0, 0, 0, 1)),
  entry('S', 'S', longString(text('CC'))),
  entry('A', 'A', longString(entry('', 'V', Buffer.alloc(0)))),
  entry('T', 'T', EIGHT),
  entry('F', 'F', NESTED),
  entry('V', 'V', Buffer.alloc(0)),
  entry('x', 'x', longString(text('BCC'))),
]);
const keys = longString(Buffer.concat([Buffer.from('S'), longString(text('other'))]));

const ASKING: [name: string, properties: Buffer][] = [
  ['CC', properties({ headers: entry('CC', 'A', keys) })],
  ['BCC behind other headers', properties({ headers: Buffer.concat([HARMLESS, entry('BCC', 'A', keys)]) })],
  ['direct reply-to', properties({ replyTo: 'amq.rabbitmq.reply-to' })],
  ['a user-id', properties({ userId: 'guest' })],
  ['an expiration that is no number', properties({ expiration: '10s' })],
  ['an expiration that is negative', properties({ expiration: '-1' })],
  ['an empty expiration', properties({ expiration: '' })],
  ['an expiration above ten years', properties({ expiration: '315360000001' })],
  ['an expiration of too many digits', properties({ expiration: '0000000000001' })],
  ['a header of a type that nobody knows', properties({ headers: entry('a', 'z', NUMBER) })],
  ['a header that runs over its table', properties({ headers: entry('a', 'S', Buffer.of(0, 0, 1, 0)) })],
  ['a header without a value', properties({ headers: Buffer.of(1, 0x61) })],
  ['a table that runs over the frame', Buffer.of(0x20, 0, 0, 0, 1, 0)],
  ['a reply-to that runs over the frame', Buffer.of(0x02, 0, 9, 0x61)],
  ['an expiration that is not there', Buffer.of(0x01, 0)],
  ['an expiration behind a property that runs over the frame', Buffer.of(0x81, 0, 200, 1, 0x31)],
];
const HARMLESS_ONES: [name: string, properties: Buffer][] = [
  ['headers of every type', properties({ headers: HARMLESS })],
  ['headers whose names only begin alike', properties({ headers: entry('CCC', 'V', Buffer.alloc(0)) })],
  ['names in small letters', properties({ headers: entry('cc', 'A', keys) })],
  ['an empty table', properties({ headers: Buffer.alloc(0) })],
  ['a reply-to of another name', properties({ replyTo: 'amq.rabbitmq.reply-to.g1' })],
  ['an expiration', properties({ expiration: '60000' })],
  ['an expiration of ten years', properties({ expiration: '315360000000' })],
  ['a priority', properties({ priority: 9 })],
];

describe.each(ENGINES)('%s', (kind) => {
  test.each(ASKING)('a message with %s goes to the host', async (_name, given) => {
    const { publisher, engine, queue } = await scenario(kind);
    const stop = stopOf(engine, publisher.core, queue, given);
    expect(stop).toBe(Stop.MESSAGE);
    expect(Buffer.from(engine.messageHeader(engine.stopMessage)).subarray(12)).toEqual(given);
    engine.publish(publisher.channels.get(1) ?? 0, engine.stopMessage, [queue]);
    expect(engine.readyCount(queue)).toBe(1);
  });

  test.each(HARMLESS_ONES)('a message with %s does not', async (_name, given) => {
    const { publisher, engine, queue } = await scenario(kind);
    expect(stopOf(engine, publisher.core, queue, given)).toBe(Stop.END);
    expect(engine.readyCount(queue)).toBe(1);
  });
});

function stopOf(
  engine: Awaited<ReturnType<typeof scenario>>['engine'],
  connection: number,
  queue: number,
  given: Buffer,
): Stop {
  const bytes = publish(1, 'q', text('a'), { properties: given });
  engine.bytes.set(bytes, engine.readOffset);
  expect(engine.ingest(connection, engine.readOffset, bytes.length)).toBe(Stop.ROUTE);
  engine.installRoute(connection, [queue], 0, 0);
  return engine.ingest(connection, engine.readOffset, bytes.length);
}
