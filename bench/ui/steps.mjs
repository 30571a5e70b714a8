/**
 * How many steps a task takes at Leveret's page and at RabbitMQ's, by doing each in Debian's Chromium: the table of
 * docs/page.md. `--rabbitmq URL` is where a RabbitMQ has its page (guest, guest); what is there of these names is
 * deleted before and after.
 */
import { parseArgs } from 'node:util';
import amqplib from 'amqplib';
import { signIn, startChromium } from '../../test/ui/support/chromium.mjs';
import { LEVERET, RABBITMQ, Steps } from './tasks.mjs';

const { values } = parseArgs({
  options: { rabbitmq: { type: 'string' }, amqp: { type: 'string' }, only: { type: 'string', default: '' } },
});
const PATIENCE_MS = 30_000;
const THINGS = [
  ...['find-me', 'other', 'new', 'old-1', 'old-2', 'old-3'].map((name) => `queues/%2F/${name}`),
  ...['users/ann', 'vhosts/eu', 'policies/%2F/short', 'vhost-limits/%2F/max-queues'],
];

/** @param {string} address @param {string} method @param {string} path @param {object} [body] */
async function api(address, method, path, body) {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  await fetch(new URL(`/api/${path}`, address), {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

/**
 * @param {string} address @param {string} amqp @param {Readonly<Record<string, import('./tasks.mjs').Task>>} tasks
 * @param {(page: import('playwright-core').Page) => Promise<void>} enter
 * @returns {Promise<ReadonlyMap<string, number | string>>}
 */
async function countAll(address, amqp, tasks, enter) {
  const clear = async () => {
    for (const thing of THINGS) await api(address, 'DELETE', thing);
  };
  /** @type {Map<string, number | string>} */
  const counts = new Map();
  const browser = await startChromium();
  for (const [name, task] of Object.entries(tasks)) {
    if (!name.includes(values.only)) continue;
    await clear();
    for (const queue of ['find-me', 'other', 'old-1', 'old-2', 'old-3'])
      await api(address, 'PUT', `queues/%2F/${queue}`, { durable: true });
    const client = await amqplib.connect(amqp);
    client.on('error', () => {});
    await (await client.createConfirmChannel()).publish('', 'find-me', Buffer.from('the needle'));
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.on('dialog', (dialog) => dialog.accept());
    await page.goto(address);
    await enter(page);
    const steps = new Steps(page);
    const error = await task(steps).then(() => null, String);
    counts.set(name, error === null ? steps.count : `failed after ${steps.count}: ${error.slice(0, 300)}`);
    console.error(name, counts.get(name));
    await context.close();
    await client.close().catch(() => {});
  }
  await clear();
  await browser.close();
  return counts;
}

const { Broker } = await import('../../dist/index.js');
const broker = await Broker.start({ management: { host: '127.0.0.1', port: 0 }, log: null });
try {
  const own = await countAll(`http://127.0.0.1:${broker.management?.port}/`, broker.url, LEVERET, (page) =>
    signIn(page, { user: 'guest', password: 'guest' }),
  );
  const others =
    values.rabbitmq === undefined
      ? new Map()
      : await countAll(values.rabbitmq, values.amqp ?? 'amqp://127.0.0.1', RABBITMQ, async (page) => {
          await page.locator('input[name=username]').fill('guest');
          await page.locator('input[name=password]').fill('guest');
          await page.locator('input[type=submit]').click();
          await page.locator('#tabs').waitFor();
        });
  console.log('| task | Leveret | RabbitMQ |\n|---|--:|--:|');
  for (const name of Object.keys(LEVERET)) console.log(`| ${name} | ${own.get(name)} | ${others.get(name) ?? '–'} |`);
} finally {
  await broker.stop();
}
