/**
 * One sample of every method and the bytes that RabbitMQ 3.10.8 (`rabbit_framing_amqp_0_9_1`) encodes for it.
 * A sample's values follow from the place and name of each field, so the bytes show every field in its place:
 * bits alternate from true, integers end in their place, strings are the field's name, tables are `{ a: 'b' }`.
 */
import { METHODS, type Method, type MethodName, type MethodSpec, type WireType } from '../../src/amqp/protocol.js';
import { table } from '../../src/amqp/table.js';

const VALUE: { readonly [T in WireType]: (place: number, field: string) => unknown } = {
  bit: (place) => place % 2 === 0,
  octet: (place) => 0x10 + place,
  short: (place) => 0x1100 + place,
  long: (place) => 0x1122_3300 + place,
  longlong: (place) => 0x1122_3344_5566_7700n + BigInt(place),
  shortstr: (_, field) => field,
  longstr: (_, field) => field,
  bytes: (_, field) => new TextEncoder().encode(field),
  table: () => table({ a: 'b' }),
};

export function sample(name: MethodName): Method {
  const spec: MethodSpec = METHODS[name];
  const method: Record<string, unknown> = { name };
  for (const [place, [field, type]] of Object.entries(spec.fields).entries()) {
    if (isPlain(type)) method[field] = VALUE[type](place, field);
  }
  return method as unknown as Method;
}

function isPlain(type: string): type is WireType {
  return type in VALUE;
}

/** Payloads of method frames (class id, method id, fields) in hexadecimal. */
export const RABBITMQ_BYTES: { readonly [N in MethodName]: string } = {
  'connection.start': '000a000a10110000000801615300000001620000000a6d656368616e69736d73000000076c6f63616c6573',
  'connection.start-ok': '000a000b000000080161530000000162096d656368616e69736d00000008726573706f6e7365066c6f63616c65',
  'connection.secure': '000a0014000000096368616c6c656e6765',
  'connection.secure-ok': '000a001500000008726573706f6e7365',
  'connection.tune': '000a001e1100112233011102',
  'connection.tune-ok': '000a001f1100112233011102',
  'connection.open': '000a00280b7669727475616c486f73740000',
  'connection.open-ok': '000a002900',
  'connection.close': '000a00321100097265706c795465787411021103',
  'connection.close-ok': '000a0033',
  'connection.blocked': '000a003c06726561736f6e',
  'connection.unblocked': '000a003d',
  'connection.update-secret': '000a0046000000096e657753656372657406726561736f6e',
  'connection.update-secret-ok': '000a0047',
  'channel.open': '0014000a00',
  'channel.open-ok': '0014000b00000000',
  'channel.flow': '0014001401',
  'channel.flow-ok': '0014001501',
  'channel.close': '001400281100097265706c795465787411021103',
  'channel.close-ok': '00140029',
  'access.request': '001e000a057265616c6d0a',
  'access.request-ok': '001e000b1100',
  'exchange.declare': '0028000a00000865786368616e676504747970650a000000080161530000000162',
  'exchange.declare-ok': '0028000b',
  'exchange.delete': '0028001400000865786368616e676501',
  'exchange.delete-ok': '00280015',
  'exchange.bind': '0028001e00000b64657374696e6174696f6e06736f757263650a726f7574696e674b657901000000080161530000000162',
  'exchange.bind-ok': '0028001f',
  'exchange.unbind':
    '0028002800000b64657374696e6174696f6e06736f757263650a726f7574696e674b657901000000080161530000000162',
  'exchange.unbind-ok': '00280033',
  'queue.declare': '0032000a000005717565756515000000080161530000000162',
  'queue.declare-ok': '0032000b0571756575651122330111223302',
  'queue.bind': '0032001400000571756575650865786368616e67650a726f7574696e674b657901000000080161530000000162',
  'queue.bind-ok': '00320015',
  'queue.purge': '0032001e000005717565756501',
  'queue.purge-ok': '0032001f11223300',
  'queue.delete': '00320028000005717565756505',
  'queue.delete-ok': '0032002911223300',
  'queue.unbind': '0032003200000571756575650865786368616e67650a726f7574696e674b6579000000080161530000000162',
  'queue.unbind-ok': '00320033',
  'basic.qos': '003c000a11223300110101',
  'basic.qos-ok': '003c000b',
  'basic.consume': '003c001400000571756575650b636f6e73756d65725461670a000000080161530000000162',
  'basic.consume-ok': '003c00150b636f6e73756d6572546167',
  'basic.cancel': '003c001e0b636f6e73756d657254616700',
  'basic.cancel-ok': '003c001f0b636f6e73756d6572546167',
  'basic.publish': '003c002800000865786368616e67650a726f7574696e674b657902',
  'basic.return': '003c00321100097265706c79546578740865786368616e67650a726f7574696e674b6579',
  'basic.deliver': '003c003c0b636f6e73756d65725461671122334455667701010865786368616e67650a726f7574696e674b6579',
  'basic.get': '003c0046000005717565756501',
  'basic.get-ok': '003c00471122334455667700000865786368616e67650a726f7574696e674b657911223304',
  'basic.get-empty': '003c004800',
  'basic.ack': '003c0050112233445566770000',
  'basic.reject': '003c005a112233445566770000',
  'basic.recover-async': '003c006401',
  'basic.recover': '003c006e01',
  'basic.recover-ok': '003c006f',
  'basic.nack': '003c0078112233445566770002',
  'confirm.select': '0055000a01',
  'confirm.select-ok': '0055000b',
  'tx.select': '005a000a',
  'tx.select-ok': '005a000b',
  'tx.commit': '005a0014',
  'tx.commit-ok': '005a0015',
  'tx.rollback': '005a001e',
  'tx.rollback-ok': '005a001f',
};
