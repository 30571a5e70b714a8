/**
 * Methods for tests: fields that do not matter to a test are zero, as in the protocol's own examples, and closings are
 * compared by the name of the method that failed.
 */
import { replyName } from '../../src/amqp/errors.js';
import {
  METHODS,
  type Method,
  type MethodName,
  type MethodOf,
  type MethodSpec,
  methodId,
} from '../../src/amqp/protocol.js';

/** The fields of a method, all of them optional. */
export type Fields<N extends Method['name']> = Partial<Omit<MethodOf<N>, 'name'>>;

const ZERO: Readonly<Record<string, unknown>> = {
  bit: false,
  octet: 0,
  short: 0,
  long: 0,
  longlong: 0n,
  shortstr: '',
  longstr: '',
  bytes: new Uint8Array(),
  table: new Map(),
};

/** A whole method: what is not given is zero. */
export function build<N extends Method['name']>(name: N, fields: Fields<N> = {}): Method {
  const method: Record<string, unknown> = { name, ...zeros(name) };
  for (const [field, value] of Object.entries(fields)) if (value !== undefined) method[field] = value;
  // The description gives every field of the method its zero, and `fields` has no others.
  return method as unknown as Method;
}

const zerosByMethod = new Map<Method['name'], Readonly<Record<string, unknown>>>();

/** A method's fields, all of them zero. */
function zeros(name: Method['name']): Readonly<Record<string, unknown>> {
  let fields = zerosByMethod.get(name);
  if (fields === undefined) {
    const spec: MethodSpec = METHODS[name];
    fields = Object.fromEntries(Object.entries(spec.fields).map(([field, type]) => [field, ZERO[type]]));
    zerosByMethod.set(name, fields);
  }
  return fields;
}

/** Why a channel or a connection was closed. */
export interface Closing {
  readonly replyCode: number;
  readonly replyText: string;
  readonly classId: number;
  readonly methodId: number;
}

/** The closing for an error with this explanation; `during` is the method that failed, if one did. */
export function closing(code: number, explanation: string, during?: MethodName): Closing {
  const ids = during === undefined ? { classId: 0, methodId: 0 } : methodId(during);
  return { replyCode: code, replyText: `${replyName(code)} - ${explanation}`, ...ids };
}
