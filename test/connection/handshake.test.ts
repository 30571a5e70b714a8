/**
 * The decisions of the handshake: protocol header, login, limits, capabilities.
 */
import { expect, test } from 'vitest';
import { AmqpError } from '../../src/amqp/errors.js';
import { encodeTable, table } from '../../src/amqp/table.js';
import { Accounts } from '../../src/broker/access/accounts.js';
import { DEFAULT_LIMITS } from '../../src/broker/requests/node-limits.js';
import { authenticate, type Login, type LoginSource } from '../../src/connection/handshake/auth.js';
import { clientCapabilities } from '../../src/connection/handshake/identity.js';
import { negotiate, offer } from '../../src/connection/handshake/tune.js';
import { isLoopback } from '../../src/connection/transport/endpoint.js';
import { headerKind } from '../../src/connection/transport/reader.js';

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AmqpError) return `${error.code} ${error.text}`;
    throw error;
  }
  throw new Error('nothing was refused');
}

const accounts = new Accounts(['/']);
const source: LoginSource = {
  user: (name) => accounts.user(name),
  login: ({ user, password }) => (accounts.accepts(user, password) === true ? { user, grant: null } : null),
};
const GUEST = { user: 'guest', grant: null };
const plain = (...parts: string[]): Uint8Array => Buffer.from(parts.join('\0'));
const amqplain = (fields: Parameters<typeof table>[0]): Uint8Array => encodeTable(table(fields)).subarray(4);

test.each([
  ['AMQP\0\0\x09\x01', 'amqp'],
  ['AMQP\x01\x01\0\x09', 'amqp'],
  ['AMQP\0\0\x09', 'incomplete'],
  ['', 'incomplete'],
  ['AMQP\0\x01\0\0', 'wrong'],
  ['AMQP\x03', 'wrong'],
  ['G', 'wrong'],
])('the opening %j is %s', (bytes, kind) => {
  expect(headerKind([...Buffer.from(bytes, 'latin1')])).toBe(kind);
});

test('the guest comes in with either mechanism', () => {
  expect(authenticate(source, 'PLAIN', plain('', 'guest', 'guest'), true)).toEqual(GUEST);
  expect(authenticate(source, 'AMQPLAIN', amqplain({ LOGIN: 'guest', PASSWORD: 'guest' }), true)).toEqual(GUEST);
});

test('a wrong password, another user and a guest from elsewhere are refused alike', () => {
  const refused =
    '403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.';
  expect(failure(() => authenticate(source, 'PLAIN', plain('', 'guest', 'wrong'), true))).toBe(refused);
  expect(failure(() => authenticate(source, 'PLAIN', plain('', 'root', 'guest'), true))).toBe(refused);
  expect(failure(() => authenticate(source, 'PLAIN', plain('', 'guest', 'guest'), false))).toBe(refused);
});

test('whoever does not say who they are is the user that was chosen for that, who must be there', () => {
  const anonymous = (user: string | null, loopback = true) =>
    authenticate(source, 'ANONYMOUS', Buffer.from('trace'), loopback, user);
  expect(anonymous('guest')).toEqual(GUEST);
  expect(failure(() => anonymous('guest', false))).toMatch(/^403 ACCESS_REFUSED/);
  expect(failure(() => anonymous('nobody'))).toMatch(/^403 ACCESS_REFUSED/);
  expect(failure(() => anonymous(null))).toMatch(/^503 COMMAND_INVALID/);
});

test('whoever has shown a certificate is the user that it names, and the guest from this machine only', () => {
  const shown = (login: Login | null, loopback: boolean) =>
    authenticate({ ...source, external: () => login }, 'EXTERNAL', Buffer.of(), loopback);
  const hare = { user: 'CN=hare', grant: null };
  expect(shown(hare, false)).toEqual(hare);
  expect(shown(GUEST, true)).toEqual(GUEST);
  const refused = /^403 ACCESS_REFUSED - Login was refused using authentication mechanism EXTERNAL\. /;
  expect(failure(() => shown(GUEST, false))).toMatch(refused);
  expect(failure(() => shown(null, true))).toMatch(refused);
  expect(failure(() => authenticate(source, 'EXTERNAL', Buffer.of(), true))).toMatch(/^503 COMMAND_INVALID/);
});

test('a mechanism or a response that is none is an error of its own', () => {
  expect(failure(() => authenticate(source, 'GSSAPI', plain(), true))).toMatch(/^503 COMMAND_INVALID/);
  expect(failure(() => authenticate(source, 'PLAIN', plain('guest'), true))).toMatch(/^502 SYNTAX_ERROR/);
  expect(failure(() => authenticate(source, 'PLAIN', plain('', 'guest', 'guest', ''), true))).toMatch(
    /^502 SYNTAX_ERROR/,
  );
  expect(failure(() => authenticate(source, 'AMQPLAIN', amqplain({ LOGIN: 'guest' }), true))).toMatch(
    /^502 SYNTAX_ERROR/,
  );
});

test('limits within the offer are taken, the old least frame among them', () => {
  const limits = { channelMax: 10, frameMax: 4096, heartbeat: 0 };
  expect(negotiate({ name: 'connection.tune-ok', ...limits }, offer(DEFAULT_LIMITS))).toEqual(limits);
});

test.each([
  [{ frameMax: 4095 }, 'negotiated frame_max = 4095 is lower than the minimum allowed value (4096)'],
  [{ frameMax: 131073 }, 'negotiated frame_max = 131073 is higher than the maximum allowed value (131072)'],
  [{ frameMax: 0 }, 'negotiated frame_max = 0 (no limit) is higher than the maximum allowed value (131072)'],
  [{ channelMax: 2048 }, 'negotiated channel_max = 2048 is higher than the maximum allowed value (2047)'],
  [{ channelMax: 0 }, 'negotiated channel_max = 0 (no limit) is higher than the maximum allowed value (2047)'],
])('limits of %j are refused', (asked, explanation) => {
  const tuneOk = { name: 'connection.tune-ok', channelMax: 2047, frameMax: 131072, heartbeat: 60, ...asked } as const;
  expect(failure(() => negotiate(tuneOk, offer(DEFAULT_LIMITS)))).toBe(`530 NOT_ALLOWED - ${explanation}`);
});

test('capabilities are those that the client says are true', () => {
  const said = table({ capabilities: { 'connection.blocked': true, consumer_cancel_notify: false } });
  expect(clientCapabilities(said)).toEqual({
    connectionBlocked: true,
    consumerCancelNotify: false,
    authenticationFailureClose: false,
  });
  expect(clientCapabilities(table({ capabilities: 'all' }))).toEqual({
    connectionBlocked: false,
    consumerCancelNotify: false,
    authenticationFailureClose: false,
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['', false],
])('%j is of this machine: %s', (address, own) => {
  expect(isLoopback(address)).toBe(own);
});
