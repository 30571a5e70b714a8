/**
 * Takes the pictures of the web page that README.md shows: `npm run screenshots [-- --seconds N]`. A small shop goes on
 * for that long before, so that charts have something to show.
 */
import { mkdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { signIn, startChromium } from './support/chromium.mjs';
import { openShop } from './support/shop.mjs';

const IMAGES = fileURLToPath(new URL('../../docs/images', import.meta.url));
const SIZE = { width: 1280, height: 860 };

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
  const shop = await openShop(broker.url, closing.signal);
  console.log(`the shop goes on for ${values.seconds} s`);
  await after(Number(values.seconds) * 1000);
  const browser = await startChromium();
  const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' });
  await page.goto(`http://127.0.0.1:${broker.management?.port}/`);
  await signIn(page, { user: 'guest', password: 'guest' });
  await take(page, '/', 'light', 'overview');
  await take(page, '/queues/%2F/thumbnails', 'dark', 'queue-dark');
  await browser.close();
  closing.abort();
  await shop.ended;
} finally {
  await broker.stop();
}
