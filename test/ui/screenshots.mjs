/**
 * Takes the pictures of the web page that README.md shows: `npm run screenshots [-- --seconds N]`. A small shop goes on
 * for that long before, so that charts have something to show: orders that are worked on as they come, and thumbnails
 * whose worker is too slow.
 */
import { mkdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import amqplib from 'amqplib';
import { chromium } from 'playwright-core';

const IMAGES = fileURLToPath(new URL('../../docs/images', import.meta.url));
const SIZE = { width: 1280, height: 860 };
const TURN_MS = 50;

/** What is sold: its queue, the key of its messages, messages each turn as sold and as one consumer takes them. */
const WORK = [
  { queue: 'orders', key: 'order.placed', sold: 60, done: 70, consumers: 4 },
  { queue: 'invoices', key: 'order.paid', sold: 40, done: 50, consumers: 2 },
  { queue: 'emails', key: 'customer.*', sold: 25, done: 30, consumers: 2 },
  { queue: 'thumbnails', key: 'picture.added', sold: 12, done: 8, consumers: 1 },
];

/** @param {string} url @param {AbortSignal} closing */
async function keepShop(url, closing) {
  const connection = await amqplib.connect(url);
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange('shop', 'topic');
  const workers = [];
  for (const { queue, key, done, consumers } of WORK) {
    await channel.assertQueue(queue, { arguments: { 'x-max-length': 100_000 } });
    await channel.bindQueue(queue, 'shop', key);
    for (let one = 0; one < consumers; one++) workers.push(await work(url, queue, done / consumers));
  }
  for (let turn = 0; !closing.aborted; turn++) {
    const swing = 1 + Math.sin(turn / 200) / 3;
    for (const { key, sold } of WORK) {
      const body = Buffer.from(JSON.stringify({ number: turn, customer: 'Ann', total: 42 }));
      const options = { contentType: 'application/json', persistent: true, headers: { shop: 'north' } };
      for (let one = 0; one < sold * swing; one++) channel.publish('shop', key.replace('*', 'wrote'), body, options);
    }
    await after(TURN_MS);
  }
  for (const end of workers) await end();
  await connection.close();
}

/** A consumer that does so many messages each turn; returns what ends it. @param {string} url @param {string} queue @param {number} each */
async function work(url, queue, each) {
  const connection = await amqplib.connect(url, { clientProperties: { connection_name: `${queue} worker` } });
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  await channel.prefetch(Math.ceil(each));
  /** @type {Set<NodeJS.Timeout>} */
  const inWork = new Set();
  await channel.consume(queue, (message) => {
    if (message === null) return;
    const done = setTimeout(() => {
      inWork.delete(done);
      channel.ack(message);
    }, TURN_MS);
    inWork.add(done);
  });
  return async () => {
    for (const one of inWork) clearTimeout(one);
    await channel.close();
    for (const one of inWork) clearTimeout(one);
    await connection.close();
  };
}

/** @param {import('playwright-core').Page} page @param {string} path @param {'light' | 'dark'} colorScheme @param {string} name */
async function take(page, path, colorScheme, name) {
  await page.emulateMedia({ colorScheme });
  await page.goto(`${new URL(page.url()).origin}/#${path}`);
  await page.locator('select').filter({ hasText: '2 minutes' }).first().selectOption('2 minutes');
  await page.locator('canvas').first().waitFor();
  // Lines of charts are there when a live update has come.
  await after(3_000);
  await page.screenshot({ path: `${IMAGES}/${name}.png` });
  console.log(`docs/images/${name}.png`);
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '130' } } });
mkdirSync(IMAGES, { recursive: true });
const { Broker } = await import('../../dist/index.js');
const broker = await Broker.start({ workers: 2, management: { host: '127.0.0.1', port: 0 } });
const closing = new AbortController();
try {
  const shop = keepShop(broker.url, closing.signal);
  console.log(`the shop goes on for ${values.seconds} s`);
  await after(Number(values.seconds) * 1000);
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' });
  await page.goto(`http://127.0.0.1:${broker.management?.port}/`);
  await page.getByLabel('User').fill('guest');
  await page.getByLabel('Password').fill('guest');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await take(page, '/', 'light', 'overview');
  await take(page, '/queues/%2F/thumbnails', 'dark', 'queue-dark');
  await browser.close();
  closing.abort();
  await shop;
} finally {
  await broker.stop();
}
