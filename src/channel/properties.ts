/**
 * A message's properties as programs write and read them, and their octets. What must hold: whoever publishes with the
 * same simple properties again and again does not pay for encoding them each time.
 */
import { encodeProperties, type Properties } from '../amqp/properties.js';
import { type FieldTable, type FieldValue, type Plain, type PlainObject, table } from '../amqp/table.js';

/** What a header may be: numbers beyond 2^53 are `bigint`. */
export type HeaderValue = Plain;

export interface MessageProperties {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly headers?: { readonly [name: string]: HeaderValue } | undefined;
  /** Whether it is kept on disk, where queue and broker are; false if nothing is said. */
  readonly persistent?: boolean | undefined;
  /** From 0 to 255. */
  readonly priority?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  /** How long it may wait in a queue (ms). */
  readonly expiration?: string | number | undefined;
  readonly messageId?: string | undefined;
  /** Kept in whole seconds. */
  readonly timestamp?: Date | undefined;
  readonly type?: string | undefined;
  readonly userId?: string | undefined;
  readonly appId?: string | undefined;
}

const TRANSIENT = 1;
const PERSISTENT = 2;
const SECOND = 1000;

/** The octets of a message without properties: no flag is set. */
const NONE = encodeProperties({});

/** Those of one channel: it remembers the last ones. */
export class PropertyEncoder {
  #last: MessageProperties = {};
  #octets: Uint8Array = NONE;

  /** Throws a `RangeError` where a value does not fit. */
  encode(properties: MessageProperties | undefined): Uint8Array {
    if (properties === undefined) return NONE;
    if (properties.headers === undefined && isSame(properties, this.#last)) return this.#octets;
    const octets = encodeProperties(toWire(properties));
    // Headers may be changed in place, and a date too.
    if (properties.headers === undefined && properties.timestamp === undefined) {
      this.#last = { ...properties };
      this.#octets = octets;
    }
    return octets;
  }
}

/** Other names are not looked at: options of a publish may stand among the properties. */
function isSame(one: MessageProperties, other: MessageProperties): boolean {
  return (
    one.persistent === other.persistent &&
    one.contentType === other.contentType &&
    one.expiration === other.expiration &&
    one.priority === other.priority &&
    one.correlationId === other.correlationId &&
    one.messageId === other.messageId &&
    one.replyTo === other.replyTo &&
    one.type === other.type &&
    one.contentEncoding === other.contentEncoding &&
    one.userId === other.userId &&
    one.appId === other.appId &&
    one.timestamp === undefined
  );
}

function toWire(given: MessageProperties): Properties {
  const { headers, persistent, expiration, timestamp, ...texts } = given;
  const { contentType, contentEncoding, priority, correlationId, replyTo, messageId, type, userId, appId } = texts;
  return defined({
    contentType,
    contentEncoding,
    headers: headers === undefined ? undefined : table(headers),
    deliveryMode: persistent === undefined ? undefined : persistent ? PERSISTENT : TRANSIENT,
    priority,
    correlationId,
    replyTo,
    expiration: expiration === undefined ? undefined : String(expiration),
    messageId,
    timestamp: timestamp === undefined ? undefined : BigInt(Math.floor(timestamp.getTime() / SECOND)),
    type,
    userId,
    appId,
  });
}

/** Without those that are not there. */
function defined(values: { readonly [P in keyof Properties]: Properties[P] | undefined }): Properties {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Properties;
}

export function fromWire(properties: Properties): MessageProperties {
  const { headers, deliveryMode, timestamp, clusterId: _, ...others } = properties;
  return {
    ...others,
    ...(headers === undefined ? {} : { headers: plainTable(headers) }),
    ...(deliveryMode === undefined ? {} : { persistent: deliveryMode === PERSISTENT }),
    ...(timestamp === undefined ? {} : { timestamp: new Date(Number(timestamp) * SECOND) }),
  };
}

/** A table in JavaScript's values. */
export function plainTable(fields: FieldTable): PlainObject {
  return Object.fromEntries([...fields].map(([name, value]) => [name, plain(value)]));
}

function plain(field: FieldValue): Plain {
  switch (field.type) {
    case 'l':
    case 'L':
      return Number.isSafeInteger(Number(field.value)) ? Number(field.value) : field.value;
    case 'T':
      return new Date(Number(field.value) * SECOND);
    case 'D':
      return field.value.unscaled / 10 ** field.value.scale;
    case 'A':
      return field.value.map(plain);
    case 'F':
      return plainTable(field.value);
    default:
      return field.value;
  }
}
