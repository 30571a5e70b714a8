/**
 * Messages with whatever properties clients may send, each with a number in its body, and what must hold of them when they
 * are moved: each is there once, in its queue's order, with its octets, its exchange and its key. What is there twice says
 * of itself that it may be.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { encodeProperties, type Properties } from '../../../src/amqp/properties.js';
import { table } from '../../../src/amqp/table.js';
import { properties } from '../../amqp/arbitraries.js';
import type { Carried, RawChannel } from '../../support/raw-channel.js';

export interface Sent {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: string;
}

export type Got = Carried<'basic.get-ok'>;
const PERSISTENT = 2;

/** `count` messages for a key, by a seed; all persistent, so that brokers may be killed. */
export function messagesFor(routingKey: string, count: number, seed: number, most: { size: number }): Sent[] {
  const any = fc.sample(fc.tuple(properties, fc.integer({ min: 0, max: most.size })), { seed, numRuns: count });
  return any.map(([given, size], index) => {
    const { expiration, userId: _, replyTo: __, priority: ___, headers, ...others } = given;
    const lived = expiration === undefined ? {} : { expiration: `${60_000_000 + index}` };
    // A table with nothing in it is not told from none once the source has put a count in and that was taken out.
    const kept =
      headers === undefined || headers.size === 0
        ? {}
        : { headers: new Map([...headers].filter(([name]) => !/^B?CC$/.test(name))) };
    return {
      exchange: 'orders',
      routingKey,
      properties: { ...others, ...kept, ...lived, deliveryMode: PERSISTENT },
      body: `${index}:${'x'.repeat(size)}`,
    };
  });
}

export async function publishAll(channel: RawChannel, messages: readonly Sent[]): Promise<void> {
  await channel.call('confirm.select');
  for (const { exchange, routingKey, properties: given, body } of messages)
    channel.publish(exchange, routingKey, body, { properties: given });
  for (let through = 0; through < messages.length; ) {
    through = Number((await channel.confirms.next('the confirms')).deliveryTag);
  }
}

export async function takeAll(channel: RawChannel, queue: string): Promise<Got[]> {
  const all: Got[] = [];
  for (let got = await channel.get(queue, true); got !== null; got = await channel.get(queue, true)) all.push(got);
  return all;
}

/**
 * Returns how many are there a second time, and say so. `areSorted`: the source sorts the headers of what it gives out again.
 */
export function expectMoved(sent: readonly Sent[], got: readonly Got[], areSorted = false): number {
  const once: Got[] = [];
  const seen = new Set<string>();
  let twice = 0;
  for (const one of got) {
    const number = numberOf(one.body.toString());
    if (seen.has(number)) {
      expect(isDoubtful(one), `message ${number} is there twice and does not say so`).toBe(true);
      twice += 1;
    } else once.push(one);
    seen.add(number);
  }
  const order = once.map(({ body }) => numberOf(body.toString()));
  expect(
    sent
      .map(({ body }) => numberOf(body))
      .filter((number) => !seen.has(number))
      .join(),
  ).toBe('');
  expect(order.join()).toBe(sent.map(({ body }) => numberOf(body)).join());
  for (const [index, original] of sent.entries()) expectSame(original, once[index], areSorted);
  return twice;
}

function expectSame(sent: Sent, got: Got | undefined, areSorted: boolean): void {
  expect(got?.exchange).toBe(sent.exchange);
  expect(got?.routingKey).toBe(sent.routingKey);
  expect(got?.body.toString()).toBe(sent.body);
  const own =
    got === undefined || !isDoubtful(got) ? (got?.properties ?? {}) : unmarked(got.properties, sent.properties);
  expect(octetsOf(own, areSorted)).toBe(octetsOf(sent.properties, areSorted));
}

function octetsOf({ headers, ...others }: Properties, areSorted: boolean): string {
  const entries = [...(headers ?? [])];
  if (areSorted) entries.sort(([one], [other]) => (one < other ? -1 : Number(one > other)));
  const all = headers === undefined ? others : { ...others, headers: new Map(entries) };
  return Buffer.from(encodeProperties(all)).toString('hex');
}

function isDoubtful({ properties: { headers } }: Got): boolean {
  return headers?.get('x-possible-duplicate')?.value === true;
}

function unmarked({ headers, ...others }: Properties, { headers: before }: Properties): Properties {
  const left = new Map([...(headers ?? table({}))].filter(([name]) => name !== 'x-possible-duplicate'));
  return before === undefined ? others : { ...others, headers: left };
}

function numberOf(body: string): string {
  return body.slice(0, body.indexOf(':'));
}
