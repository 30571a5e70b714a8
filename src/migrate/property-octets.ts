/**
 * The properties of a message as the octets that they are on the wire, and what of them a migration must know. Pure. What
 * must hold: nothing is changed that the source has not put in when it gave the message out again: queues say in a header
 * how often a message came back (`x-delivery-count`).
 */
import { decodeHeader, encodeHeader, encodeProperties, type Properties } from '../amqp/properties.js';

const COUNT = 'x-delivery-count';
/** Octets of a content header before the properties. */
const HEAD_OCTETS = 12;
const TEXT_FLAGS = [0x8000, 0x4000];
const HEADERS_FLAG = 0x2000;
const DELIVERY_MODE_FLAG = 0x1000;
const LENGTH_OCTETS = 4;

/** Throws an `AmqpError`. */
export function propertiesIn(octets: Uint8Array): Properties {
  const head = encodeHeader({ bodySize: 0, properties: {} }).subarray(0, HEAD_OCTETS);
  return decodeHeader(Buffer.concat([head, octets])).properties;
}

/** The same octets where it is not there. */
export function withoutDeliveryCount(octets: Uint8Array): Uint8Array {
  if (!Buffer.from(octets.buffer, octets.byteOffset, octets.length).includes(COUNT)) return octets;
  const { headers, ...others } = propertiesIn(octets);
  if (headers?.has(COUNT) !== true) return octets;
  const left = new Map([...headers].filter(([name]) => name !== COUNT));
  // Where there is nothing else, the source has most likely made the table for it.
  return encodeProperties(left.size === 0 ? others : { ...others, headers: left });
}

/**
 * What is the same however often a queue that counts has given the message out: without the count, without a table that is
 * empty, and with headers in the order of their names, in which RabbitMQ brings them when it puts the count in.
 */
export function steadyOctets(given: Uint8Array): Uint8Array {
  const octets = sorted(withoutDeliveryCount(given));
  const view = viewOf(octets);
  const flags = view.getUint16(0);
  if ((flags & HEADERS_FLAG) === 0) return octets;
  const at = headersAt(view, flags);
  if (view.getUint32(at) !== 0) return octets;
  const steady = Buffer.concat([octets.subarray(0, at), octets.subarray(at + LENGTH_OCTETS)]);
  steady.writeUInt16BE(flags & ~HEADERS_FLAG, 0);
  return steady;
}

function sorted(octets: Uint8Array): Uint8Array {
  const { headers, ...others } = propertiesIn(octets);
  if (headers === undefined) return octets;
  const inOrder = [...headers].sort(([one], [other]) => (one < other ? -1 : Number(one > other)));
  return encodeProperties({ ...others, headers: new Map(inOrder) });
}

/** Null: it has none. */
export function deliveryModeOf(octets: Uint8Array): number | null {
  const view = viewOf(octets);
  const flags = view.getUint16(0);
  if ((flags & DELIVERY_MODE_FLAG) === 0) return null;
  const at = headersAt(view, flags);
  return view.getUint8((flags & HEADERS_FLAG) === 0 ? at : at + LENGTH_OCTETS + view.getUint32(at));
}

/** Where the table of headers begins, or would. */
function headersAt(view: DataView, flags: number): number {
  let at = 2;
  for (const flag of TEXT_FLAGS) if ((flags & flag) !== 0) at += 1 + view.getUint8(at);
  return at;
}

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}
