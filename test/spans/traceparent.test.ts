/** Which headers ask for spans: those that are valid by W3C's Trace Context, and sampled. */
import { expect, it } from 'vitest';
import { type FieldTable, table } from '../../src/amqp/table.js';
import { sampledContext } from '../../src/spans/traceparent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

function headers(traceparent: string, tracestate?: string): FieldTable {
  return table({ traceparent, ...(tracestate !== undefined && { tracestate }) });
}

it('reads the trace and the span of a message', () => {
  const expected = { traceId: TRACE, parentId: SPAN, state: '' };
  expect(sampledContext(headers(`00-${TRACE}-${SPAN}-01`))).toEqual(expected);
  expect(sampledContext(headers(`00-${TRACE}-${SPAN}-ff`))).toEqual(expected);
  expect(sampledContext(headers(`00-${TRACE}-${SPAN}-01`, 'a=1'))).toEqual({ ...expected, state: 'a=1' });
  expect(sampledContext(headers(`00-${TRACE}-${SPAN}-01`, 'a'.repeat(513)))).toEqual(expected);
});

it('reads a later version as far as it is known', () => {
  expect(sampledContext(headers(`01-${TRACE}-${SPAN}-01-more`))).toMatchObject({ traceId: TRACE });
  expect(sampledContext(headers(`cc-${TRACE}-${SPAN}-01`))).toMatchObject({ traceId: TRACE });
});

it.each([
  ['not sampled', `00-${TRACE}-${SPAN}-00`],
  ['not sampled, with a flag that is not known', `00-${TRACE}-${SPAN}-02`],
  ['a version that there is not', `ff-${TRACE}-${SPAN}-01`],
  ['more than its version has', `00-${TRACE}-${SPAN}-01-more`],
  ['a later version that goes on without a dash', `01-${TRACE}-${SPAN}-01more`],
  ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a trace that is short', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['a blank', ` 00-${TRACE}-${SPAN}-01`],
  ['a line end', `00-${TRACE}-${SPAN}-01\n`],
  ['nothing', ''],
])('takes no spans of a message with %s', (_, traceparent) => {
  expect(sampledContext(headers(traceparent))).toBeNull();
});

it('takes no spans of a message without the header, or with one that is no text', () => {
  expect(sampledContext(undefined)).toBeNull();
  expect(sampledContext(table({ other: 'x' }))).toBeNull();
  expect(sampledContext(table({ traceparent: 7 }))).toBeNull();
});
