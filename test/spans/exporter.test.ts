/** Whatever a receiver does, each span is counted once, and the operator hears of it once. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Exporter } from '../../src/spans/exporter.js';
import type { Span } from '../../src/spans/span.js';
import { SpanCounts } from '../../src/spans/span-counts.js';
import { eventually } from '../support/waiting.js';
import { Receiver } from './receiver.js';

const SPAN: Span = {
  context: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', parentId: '00f067aa0ba902b7', state: 'a=1' },
  ...{ start: 1_700_000_000_000, end: 1_700_000_000_007, vhost: '/', connection: 'c', channel: 1, server: null },
  ...{ exchange: 'e', routingKey: 'k\udc80', size: 3, messageId: undefined, correlationId: 'x', delivery: null },
};

let receiver: Receiver;
let counts: SpanCounts;
let lines: string[];

beforeEach(async () => {
  receiver = await Receiver.open();
  counts = new SpanCounts();
  lines = [];
});
afterEach(() => receiver.close());

function exporter(endpoint = receiver.endpoint): Exporter {
  const exporting = { url: `${endpoint}/v1/traces`, resource: { node: 'leveret@here' } };
  return new Exporter(exporting, counts, (level, line) => lines.push(`${level}: ${line}`));
}

function spans(count: number): Span[] {
  return Array.from({ length: count }, () => SPAN).filter(() => counts.enter());
}

const settled = (): Promise<number> => Promise.resolve(counts.waiting);
const none = (waiting: number): boolean => waiting === 0;

it('sends all that it is given, a request for some hundreds', async () => {
  const one = exporter();
  one.add(spans(1_000));
  await eventually('the spans to go out', settled, none);
  await one.end();
  expect([receiver.requests, receiver.spans.length, new Set(receiver.spans.map(({ spanId }) => spanId)).size]).toEqual([
    2, 1_000, 1_000,
  ]);
  expect([counts.waiting, counts.exported, counts.lost]).toEqual([0, 1_000, 0]);
  expect(receiver.spans[0]).toMatchObject({
    ...{ traceId: SPAN.context.traceId, parentSpanId: SPAN.context.parentId, traceState: 'a=1', kind: 4 },
    ...{ name: 'publish e:k\ufffd', start: 1_700_000_000_000_000_000n, end: 1_700_000_000_007_000_000n },
  });
  expect(lines).toEqual([]);
});

it('comes again when the receiver asks for that', async () => {
  receiver.answer = (request) =>
    request < 3 ? { status: request === 1 ? 503 : 429, headers: { 'retry-after': '0' } } : { status: 200 };
  const one = exporter();
  one.add(spans(2));
  await eventually('the spans to go out', settled, none);
  expect([receiver.requests, receiver.spans.length, counts.exported]).toEqual([3, 2, 2]);
  expect(lines).toEqual([
    `warning: spans cannot be sent to ${receiver.endpoint}/v1/traces: status 503`,
    `info: spans go to ${receiver.endpoint}/v1/traces again`,
  ]);
  await one.end();
});

it('lets go of what the receiver refuses, in whole or in part', async () => {
  receiver.answer = (request) =>
    request === 1
      ? { status: 500, body: 'broken' }
      : { status: 200, body: JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } }) };
  const one = exporter();
  one.add(spans(3));
  await eventually('the first to be refused', settled, none);
  expect([counts.exported, counts.lost]).toEqual([0, 3]);
  one.add(spans(3));
  await eventually('two to be refused', settled, none);
  expect([counts.exported, counts.lost]).toEqual([1, 5]);
  expect(lines).toEqual([`warning: spans cannot be sent to ${receiver.endpoint}/v1/traces: status 500 broken`]);
  await one.end();
});

it('ends although the receiver does not answer, or is not there', async () => {
  receiver.answer = () => null;
  const slow = exporter();
  slow.add(spans(600));
  await slow.end();
  expect([counts.waiting, counts.lost]).toEqual([0, 600]);
  const gone = await Receiver.open();
  const { endpoint } = gone;
  await gone.close();
  const away = exporter(endpoint);
  away.add(spans(600));
  await away.end();
  expect([counts.waiting, counts.exported, counts.lost]).toEqual([0, 0, 1_200]);
  expect(lines.at(-1)).toMatch(/^warning: spans cannot be sent to .*ECONNREFUSED/);
});

it('gives no place to more spans than may wait', () => {
  const taken = Array.from({ length: 10_500 }, () => counts.enter()).filter((isTaken) => isTaken).length;
  expect([taken, counts.waiting, counts.lost]).toEqual([10_000, 10_000, 500]);
  counts.export(1);
  expect([counts.enter(), counts.enter()]).toEqual([true, false]);
});
