/**
 * A message under another address: where it is to go, and what of its headers goes with it. Pure. What must hold: all
 * that it says of itself stays, but for the record of its deaths where that is not wanted.
 */
import { decodeHeader, encodeHeader, type Properties } from '../../amqp/properties.js';
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import { Writer } from '../../amqp/wire.js';
import { DEFAULT_EXCHANGE } from '../../broker/requests/names.js';
import type { ReadMessage } from '../browsing/message-filter.js';
import type { MoveSpec } from './move-spec.js';

export interface Address {
  readonly exchange: string;
  readonly routingKey: string;
}

/** Null: it does not say where it comes from. */
export function addressOf({ to }: Pick<MoveSpec, 'to'>, { routingKey, properties }: ReadMessage): Address | null {
  switch (to.kind) {
    case 'queue':
      return { exchange: DEFAULT_EXCHANGE, routingKey: to.queue };
    case 'exchange':
      return { exchange: to.exchange, routingKey: to.routingKey ?? routingKey };
    case 'origin':
      return originOf(properties.headers);
  }
}

/** Where a dead letter was published to before it died for the first time: the oldest entry of `x-death` says it. */
function originOf(headers: FieldTable | undefined): Address | null {
  const deaths = headers?.get('x-death');
  if (headers === undefined || deaths?.type !== 'A') return null;
  const queue = textIn(headers, 'x-first-death-queue');
  const reason = textIn(headers, 'x-first-death-reason');
  const entries = deaths.value.flatMap((entry) => (entry.type === 'F' ? [entry.value] : []));
  const first =
    entries.find((entry) => textIn(entry, 'queue') === queue && textIn(entry, 'reason') === reason) ?? entries.at(-1);
  const exchange = first === undefined ? undefined : textIn(first, 'exchange');
  const keys = first?.get('routing-keys');
  const key = keys?.type === 'A' ? keys.value[0] : undefined;
  return exchange === undefined || key?.type !== 'S' ? null : { exchange, routingKey: key.value };
}

function textIn(fields: FieldTable, name: string): string | undefined {
  const field: FieldValue | undefined = fields.get(name);
  return field?.type === 'S' ? field.value : undefined;
}

const DEATHS = /^x-(death$|first-death-|last-death-)/;

/** Properties without the record of deaths; the same object where there is none. */
export function withoutDeaths(properties: Properties): Properties {
  const { headers } = properties;
  if (headers === undefined || ![...headers.keys()].some((name) => DEATHS.test(name))) return properties;
  return { ...properties, headers: new Map([...headers].filter(([name]) => !DEATHS.test(name))) };
}

/** The payload of the header frame with these properties, in place of another one. */
export function headerWith(header: Uint8Array, properties: Properties): Uint8Array {
  return encodeHeader({ bodySize: decodeHeader(header).bodySize, properties });
}

/** Exchange and routing key as two short strings. */
export function keyOf({ exchange, routingKey }: Address): Uint8Array {
  const writer = new Writer();
  writer.shortText(exchange);
  writer.shortText(routingKey);
  return writer.finish();
}
