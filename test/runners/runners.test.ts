/**
 * Projects of users whose tests run brokers of their own, in Vitest and in Jest, with global hooks and with given ones:
 * which tests pass, which fail, and what they tell then is the same everywhere.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Project, ROOT } from './support.js';

const project = new Project();
beforeAll(() => project.install(), 120_000);
afterAll(() => project.remove());

/** What all of them have in common. */
const BODY = `
const broker = useBroker({ ...given, workers: 1, memory: 64 * 1024 ** 2, pin: false, clock: 'manual', log: null });
const vhost = useVhost({ ...given, broker });

async function open(queue) {
  const connection = await amqp.connect(vhost.url, { clientProperties: { connection_name: 'shop' } });
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { messageTtl: 3_600_000 });
  channel.sendToQueue(queue, Buffer.from('an order'));
  await channel.waitForConfirms();
  return channel;
}

test('an order arrives', async () => {
  await open('orders');
  await vhost.queue('orders').hasMessages(1);
});

test('an order is left', async () => {
  const channel = await open('orders');
  await new Promise((resolve) => channel.consume('orders', resolve, { consumerTag: 'till' }));
});

test('others are not to blame for that', async () => {
  const channel = await open('orders');
  const message = await channel.get('orders');
  channel.ack(message);
});

test('a second order never comes', async () => {
  await open('orders');
  await vhost.queue('orders').hasMessages(2, 100);
});

test('an order is too old', async () => {
  await open('orders');
  await broker.clock.advance(3_600_000);
  await vhost.queue('orders').drained();
});

test('an order is refused', async () => {
  const channel = await open('orders');
  const exchange = await vhost.exchange('');
  await broker.faults.nackNext();
  channel.sendToQueue('orders', Buffer.from('refused'));
  await expect(channel.waitForConfirms()).rejects.toThrow();
  expect((await exchange.published()).map(({ content }) => content.toString())).toEqual(['refused']);
});

test('what has gone wrong is over with its test', async () => {
  await open('orders');
});
`;

const LEFT =
  /^messages were left unacknowledged:\n- 1 message from queue 'orders' of vhost 'test-\w+', held by consumer 'till' of connection 'shop'$/;
const NEVER =
  "waited 100 ms for queue 'orders' to have 2 ready messages; there were 1 ready, 0 unacknowledged and 0 consumers";

const EXPECTED = [
  { name: 'an order arrives', status: 'passed', why: '' },
  { name: 'an order is left', status: 'failed', why: expect.stringMatching(LEFT) },
  { name: 'others are not to blame for that', status: 'passed', why: '' },
  { name: 'a second order never comes', status: 'failed', why: NEVER },
  { name: 'an order is too old', status: 'passed', why: '' },
  { name: 'an order is refused', status: 'passed', why: '' },
  { name: 'what has gone wrong is over with its test', status: 'passed', why: '' },
];

const MODULE = '{ "type": "module" }';
const SCRIPT = '{ "type": "commonjs" }';
const IMPORTS = "import amqp from 'amqplib';\nimport { useBroker, useVhost } from 'leveret/testing';\n";
const REQUIRES = "const amqp = require('amqplib');\nconst { useBroker, useVhost } = require('leveret/testing');\n";

test('Vitest with global hooks', async () => {
  project.write('vitest-globals/package.json', MODULE);
  project.write('vitest-globals/orders.test.js', `${IMPORTS}const given = {};\n${BODY}`);
  expect(await project.vitest('vitest-globals', '--globals')).toEqual(EXPECTED);
}, 60_000);

test('Vitest with hooks that are given', async () => {
  const head = "import * as runner from 'vitest';\nconst { expect, test } = runner;\nconst given = { runner };\n";
  project.write('vitest-given/package.json', MODULE);
  project.write('vitest-given/orders.test.js', `${IMPORTS}${head}${BODY}`);
  expect(await project.vitest('vitest-given')).toEqual(EXPECTED);
}, 60_000);

test('Jest with global hooks', async () => {
  project.write('jest-globals/package.json', SCRIPT);
  project.write('jest-globals/orders.test.js', `${REQUIRES}const given = {};\n${BODY}`);
  expect(await project.jest('jest-globals')).toEqual(EXPECTED);
}, 60_000);

test('Jest with hooks that are given', async () => {
  const head =
    "const runner = require('@jest/globals');\nconst { expect, test } = runner;\nconst given = { runner };\n";
  project.write('jest-given/package.json', '{ "type": "commonjs", "jest": { "injectGlobals": false } }');
  project.write('jest-given/orders.test.js', `${REQUIRES}${head}${BODY}`);
  expect(await project.jest('jest-given')).toEqual(EXPECTED);
}, 60_000);

test('Jest with ES modules', async () => {
  project.write('jest-modules/package.json', MODULE);
  project.write('jest-modules/orders.test.js', `${IMPORTS}const given = {};\n${BODY}`);
  expect(await project.jest('jest-modules', true)).toEqual(EXPECTED);
}, 60_000);

test('without hooks it is said what to give', async () => {
  project.write('no-hooks/package.json', MODULE);
  const head = "import { expect, test } from 'vitest';\nimport { useBroker } from 'leveret/testing';\n";
  const body = "test('none', () => { useBroker(); });\n";
  project.write('no-hooks/none.test.js', `${head}${body}`);
  const [told] = await project.vitest('no-hooks');
  expect(told).toMatchObject({ status: 'failed' });
  expect(told?.why).toContain("as { runner } with import * as runner from 'vitest' or '@jest/globals'");
}, 60_000);

test.each(['vitest', 'jest'] as const)('the example for %s passes', async (runner) => {
  cpSync(join(ROOT, 'examples/testing', runner), join(project.place, `example-${runner}`), { recursive: true });
  const told = await project[runner](`example-${runner}`);
  expect(told.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect(told.length).toBeGreaterThan(2);
}, 60_000);
