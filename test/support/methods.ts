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
  const spec: MethodSpec = METHODS[name];
  const zeros = Object.entries(spec.fields).map(([field, type]) => [field, ZERO[type]] as const);
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  // The description gives every field of the method its zero, and `fields` has no others.
  return { name, ...Object.fromEntries([...zeros, ...given]) } as unknown as Method;
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
