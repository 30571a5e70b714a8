/** What clients are told of where a broker listens. */
import { expect, test } from 'vitest';
import { type BoundAddress, clientUrl } from '../../src/node/listeners/bound.js';

const guest = { user: 'guest', password: 'guest', vhost: '/' };
const tcp: BoundAddress = { kind: 'tcp', hosts: ['127.0.0.1', '::1'], port: 7 };
const tls: BoundAddress = { kind: 'tls', hosts: ['::1'], port: 8 };

test.each<[string, readonly BoundAddress[], Partial<typeof guest>]>([
  ['amqp://guest:guest@127.0.0.1:7', [tls, tcp], {}],
  ['amqps://guest:guest@[::1]:8', [{ kind: 'unix', path: '/s' }, tls], {}],
  ['amqp://guest:guest@127.0.0.1:7', [{ kind: 'tcp', hosts: ['0.0.0.0'], port: 7 }], {}],
  ['amqp://guest:guest@[::1]:7', [{ kind: 'tcp', hosts: ['::'], port: 7 }], {}],
  ['amqp://a%40b:s%3A%2F@127.0.0.1:7/one%2Ftwo', [tcp], { user: 'a@b', password: 's:/', vhost: 'one/two' }],
  ['', [{ kind: 'unix', path: '/s' }], {}],
])('%s is the URL of a broker', (url, listeners, beginning) => {
  expect(clientUrl(listeners, { ...guest, ...beginning })).toBe(url);
});
