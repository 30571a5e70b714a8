/**
 * This folder is for the protocol off the hot path: methods, frames, tables, properties, errors. Everybody above the
 * store may import it, and it imports none of ours.
 *
 * Here: the methods of AMQP 0-9-1 with RabbitMQ's extensions: ids, who may send them, and their fields in wire order.
 * This is the one description; the `Method` types are inferred from it and the codec in frames.ts walks it. Reserved
 * fields (the ticket among them) are skipped when read, zero when written, and no part of the types.
 */
import type { FieldTable } from './table.js';

/** The JavaScript type of each wire type. `bytes` is a long string whose content is not text. */
export interface WireTypes {
  bit: boolean;
  octet: number;
  short: number;
  long: number;
  longlong: bigint;
  shortstr: string;
  longstr: string;
  bytes: Uint8Array;
  table: FieldTable;
}
export type WireType = keyof WireTypes;
type Reserved = `reserved ${'bit' | 'short' | 'shortstr' | 'longstr'}`;
export type FieldSpec = WireType | Reserved;

export interface MethodSpec {
  readonly id: readonly [classId: number, methodId: number];
  /** Who sends it, in this broker's conversations. */
  readonly by: 'client' | 'server' | 'both';
  readonly fields: { readonly [field: string]: FieldSpec };
}

export const METHODS = {
  'connection.start': {
    id: [10, 10],
    by: 'server',
    fields: {
      versionMajor: 'octet',
      versionMinor: 'octet',
      serverProperties: 'table',
      mechanisms: 'longstr',
      locales: 'longstr',
    },
  },
  'connection.start-ok': {
    id: [10, 11],
    by: 'client',
    fields: { clientProperties: 'table', mechanism: 'shortstr', response: 'bytes', locale: 'shortstr' },
  },
  'connection.secure': { id: [10, 20], by: 'server', fields: { challenge: 'bytes' } },
  'connection.secure-ok': { id: [10, 21], by: 'client', fields: { response: 'bytes' } },
  'connection.tune': {
    id: [10, 30],
    by: 'server',
    fields: { channelMax: 'short', frameMax: 'long', heartbeat: 'short' },
  },
  'connection.tune-ok': {
    id: [10, 31],
    by: 'client',
    fields: { channelMax: 'short', frameMax: 'long', heartbeat: 'short' },
  },
  'connection.open': {
    id: [10, 40],
    by: 'client',
    fields: { virtualHost: 'shortstr', capabilities: 'reserved shortstr', insist: 'reserved bit' },
  },
  'connection.open-ok': { id: [10, 41], by: 'server', fields: { knownHosts: 'reserved shortstr' } },
  'connection.close': {
    id: [10, 50],
    by: 'both',
    fields: { replyCode: 'short', replyText: 'shortstr', classId: 'short', methodId: 'short' },
  },
  'connection.close-ok': { id: [10, 51], by: 'both', fields: {} },
  'connection.blocked': { id: [10, 60], by: 'server', fields: { reason: 'shortstr' } },
  'connection.unblocked': { id: [10, 61], by: 'server', fields: {} },
  'connection.update-secret': { id: [10, 70], by: 'client', fields: { newSecret: 'bytes', reason: 'shortstr' } },
  'connection.update-secret-ok': { id: [10, 71], by: 'server', fields: {} },

  'channel.open': { id: [20, 10], by: 'client', fields: { outOfBand: 'reserved shortstr' } },
  'channel.open-ok': { id: [20, 11], by: 'server', fields: { channelId: 'reserved longstr' } },
  'channel.flow': { id: [20, 20], by: 'client', fields: { active: 'bit' } },
  'channel.flow-ok': { id: [20, 21], by: 'server', fields: { active: 'bit' } },
  'channel.close': {
    id: [20, 40],
    by: 'both',
    fields: { replyCode: 'short', replyText: 'shortstr', classId: 'short', methodId: 'short' },
  },
  'channel.close-ok': { id: [20, 41], by: 'both', fields: {} },

  'access.request': {
    id: [30, 10],
    by: 'client',
    fields: { realm: 'shortstr', exclusive: 'bit', passive: 'bit', active: 'bit', write: 'bit', read: 'bit' },
  },
  'access.request-ok': { id: [30, 11], by: 'server', fields: { ticket: 'short' } },

  'exchange.declare': {
    id: [40, 10],
    by: 'client',
    fields: {
      ticket: 'reserved short',
      exchange: 'shortstr',
      type: 'shortstr',
      passive: 'bit',
      durable: 'bit',
      autoDelete: 'bit',
      internal: 'bit',
      nowait: 'bit',
      arguments: 'table',
    },
  },
  'exchange.declare-ok': { id: [40, 11], by: 'server', fields: {} },
  'exchange.delete': {
    id: [40, 20],
    by: 'client',
    fields: { ticket: 'reserved short', exchange: 'shortstr', ifUnused: 'bit', nowait: 'bit' },
  },
  'exchange.delete-ok': { id: [40, 21], by: 'server', fields: {} },
  'exchange.bind': {
    id: [40, 30],
    by: 'client',
    fields: {
      ticket: 'reserved short',
      destination: 'shortstr',
      source: 'shortstr',
      routingKey: 'shortstr',
      nowait: 'bit',
      arguments: 'table',
    },
  },
  'exchange.bind-ok': { id: [40, 31], by: 'server', fields: {} },
  'exchange.unbind': {
    id: [40, 40],
    by: 'client',
    fields: {
      ticket: 'reserved short',
      destination: 'shortstr',
      source: 'shortstr',
      routingKey: 'shortstr',
      nowait: 'bit',
      arguments: 'table',
    },
  },
  'exchange.unbind-ok': { id: [40, 51], by: 'server', fields: {} },

  'queue.declare': {
    id: [50, 10],
    by: 'client',
    fields: {
      ticket: 'reserved short',
      queue: 'shortstr',
      passive: 'bit',
      durable: 'bit',
      exclusive: 'bit',
      autoDelete: 'bit',
      nowait: 'bit',
      arguments: 'table',
    },
  },
  'queue.declare-ok': {
    id: [50, 11],
    by: 'server',
    fields: { queue: 'shortstr', messageCount: 'long', consumerCount: 'long' },
  },
  'queue.bind': {
    id: [50, 20],
    by: 'client',
    fields: {
      ticket: 'reserved short',
      queue: 'shortstr',
      exchange: 'shortstr',
      routingKey: 'shortstr',
      nowait: 'bit',
      arguments: 'table',
    },
  },
  'queue.bind-ok': { id: [50, 21], by: 'server', fields: {} },
  'queue.purge': { id: [50, 30], by: 'client', fields: { ticket: 'reserved short', queue: 'shortstr', nowait: 'bit' } },
  'queue.purge-ok': { id: [50, 31], by: 'server', fields: { messageCount: 'long' } },
  'queue.delete': {
    id: [50, 40],
    by: 'client',
    fields: { ticket: 'reserved short', queue: 'shortstr', ifUnused: 'bit', ifEmpty: 'bit', nowait: 'bit' },
  },
  'queue.delete-ok': { id: [50, 41], by: 'server', fields: { messageCount: 'long' } },
  'queue.unbind': {
    id: [50, 50],
    by: 'client',
    fields: {
      ticket: 'reserved short',
      queue: 'shortstr',
      exchange: 'shortstr',
      routingKey: 'shortstr',
      arguments: 'table',
    },
  },
  'queue.unbind-ok': { id: [50, 51], by: 'server', fields: {} },

  'basic.qos': { id: [60, 10], by: 'client', fields: { prefetchSize: 'long', prefetchCount: 'short', global: 'bit' } },
  'basic.qos-ok': { id: [60, 11], by: 'server', fields: {} },
  'basic.consume': {
    id: [60, 20],
    by: 'client',
    fields: {
      ticket: 'reserved short',
      queue: 'shortstr',
      consumerTag: 'shortstr',
      noLocal: 'bit',
      noAck: 'bit',
      exclusive: 'bit',
      nowait: 'bit',
      arguments: 'table',
    },
  },
  'basic.consume-ok': { id: [60, 21], by: 'server', fields: { consumerTag: 'shortstr' } },
  'basic.cancel': { id: [60, 30], by: 'both', fields: { consumerTag: 'shortstr', nowait: 'bit' } },
  'basic.cancel-ok': { id: [60, 31], by: 'server', fields: { consumerTag: 'shortstr' } },
  'basic.publish': {
    id: [60, 40],
    by: 'client',
    fields: {
      ticket: 'reserved short',
      exchange: 'shortstr',
      routingKey: 'shortstr',
      mandatory: 'bit',
      immediate: 'bit',
    },
  },
  'basic.return': {
    id: [60, 50],
    by: 'server',
    fields: { replyCode: 'short', replyText: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr' },
  },
  'basic.deliver': {
    id: [60, 60],
    by: 'server',
    fields: {
      consumerTag: 'shortstr',
      deliveryTag: 'longlong',
      redelivered: 'bit',
      exchange: 'shortstr',
      routingKey: 'shortstr',
    },
  },
  'basic.get': { id: [60, 70], by: 'client', fields: { ticket: 'reserved short', queue: 'shortstr', noAck: 'bit' } },
  'basic.get-ok': {
    id: [60, 71],
    by: 'server',
    fields: {
      deliveryTag: 'longlong',
      redelivered: 'bit',
      exchange: 'shortstr',
      routingKey: 'shortstr',
      messageCount: 'long',
    },
  },
  'basic.get-empty': { id: [60, 72], by: 'server', fields: { clusterId: 'reserved shortstr' } },
  'basic.ack': { id: [60, 80], by: 'both', fields: { deliveryTag: 'longlong', multiple: 'bit' } },
  'basic.reject': { id: [60, 90], by: 'client', fields: { deliveryTag: 'longlong', requeue: 'bit' } },
  'basic.recover-async': { id: [60, 100], by: 'client', fields: { requeue: 'bit' } },
  'basic.recover': { id: [60, 110], by: 'client', fields: { requeue: 'bit' } },
  'basic.recover-ok': { id: [60, 111], by: 'server', fields: {} },
  'basic.nack': { id: [60, 120], by: 'both', fields: { deliveryTag: 'longlong', multiple: 'bit', requeue: 'bit' } },

  'confirm.select': { id: [85, 10], by: 'client', fields: { nowait: 'bit' } },
  'confirm.select-ok': { id: [85, 11], by: 'server', fields: {} },

  'tx.select': { id: [90, 10], by: 'client', fields: {} },
  'tx.select-ok': { id: [90, 11], by: 'server', fields: {} },
  'tx.commit': { id: [90, 20], by: 'client', fields: {} },
  'tx.commit-ok': { id: [90, 21], by: 'server', fields: {} },
  'tx.rollback': { id: [90, 30], by: 'client', fields: {} },
  'tx.rollback-ok': { id: [90, 31], by: 'server', fields: {} },
} as const satisfies { readonly [name: string]: MethodSpec };

export type MethodName = keyof typeof METHODS;

/** The values of a method's fields, reserved ones left out. */
type FieldsOf<F> = {
  readonly [K in keyof F as F[K] extends WireType ? K : never]: F[K] extends WireType ? WireTypes[F[K]] : never;
};

/** One method, as `{ name, …fields }`. */
export type MethodOf<N extends MethodName> = { readonly name: N } & FieldsOf<(typeof METHODS)[N]['fields']>;

/** Any method, discriminated by `name`. */
export type Method = { [N in MethodName]: MethodOf<N> }[MethodName];

export const METHOD_NAMES = Object.keys(METHODS) as MethodName[];

/** The ids of a method, as frames and close methods carry them. */
export function methodId(name: MethodName): { readonly classId: number; readonly methodId: number } {
  const [classId, methodId] = METHODS[name].id;
  return { classId, methodId };
}

const BY_ID = new Map(
  METHOD_NAMES.map((name) => {
    const [classId, methodId] = METHODS[name].id;
    return [idKey(classId, methodId), name] as const;
  }),
);

export function methodName(classId: number, methodId: number): MethodName | undefined {
  return BY_ID.get(idKey(classId, methodId));
}

function idKey(classId: number, methodId: number): number {
  return classId * 0x1_0000 + methodId;
}

/** Whether a client may send it; what only a server sends is answered with COMMAND_INVALID. */
export function fromClient(name: MethodName): boolean {
  return METHODS[name].by !== 'server';
}

/** A method that a client may send. */
export type ClientMethodName = {
  [N in MethodName]: (typeof METHODS)[N]['by'] extends 'server' ? never : N;
}[MethodName];
export type ClientMethod = { [N in ClientMethodName]: MethodOf<N> }[ClientMethodName];

const RESERVED = 'reserved ';

export function isReserved(field: FieldSpec): field is Reserved {
  return field.startsWith(RESERVED);
}

/** The wire type of a field, whether it is reserved or not. */
export function unreserved(field: FieldSpec): WireType {
  return (isReserved(field) ? field.slice(RESERVED.length) : field) as WireType;
}
