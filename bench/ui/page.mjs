/**
 * How soon the web page is there and can be used, how many octets its first view takes, and how evenly a list of 10,000
 * queues scrolls, in Debian's Chromium over loopback. Takes `--rounds N` (10).
 *
 * Interactive: the time from the navigation of somebody who is signed in to the first row of the list. Frames: how long
 * each took while the list was scrolled, a third of a window each frame.
 */
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
const rounds = Number(values.rounds);
const QUEUES = 10_000;
const FRAMES = 300;

const { Broker } = await import('../../dist/index.js');
const broker = await Broker.start({
  host: '127.0.0.1',
  port: 0,
  log: null,
  management: { host: '127.0.0.1', port: 0 },
});
const address = `http://127.0.0.1:${broker.management?.port}/`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const queues = Array.from({ length: QUEUES }, (_, at) => ({
    ...{ name: `queue-${at}`, vhost: '/', durable: true, auto_delete: false, arguments: {} },
  }));
  const declared = await fetch(`${address}api/definitions`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` },
    body: JSON.stringify({ queues }),
  });
  if (!declared.ok) throw new Error(`the queues could not be declared: ${await declared.text()}`);
  const page = await (await browser.newContext()).newPage();
  let octets = 0;
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    octets += encodedDataLength;
  });
  await page.goto(address);
  await page.getByLabel('User').fill('guest');
  await page.getByLabel('Password').fill('guest');
  console.log(`the sign-in takes ${octets} octets, with heads`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  /** @type {number[]} */
  const times = [];
  for (let round = 0; round < rounds; round++) {
    await page.goto('about:blank');
    await page.goto(`${address}#/queues`);
    await page.locator('[data-row]').first().waitFor();
    times.push(await page.evaluate(() => performance.now()));
  }
  console.log(`first row of 10,000 queues after ${told(times)} ms (looked for from outside, so at most)`);
  const frames = await page.evaluate(async (count) => {
    const box = document.querySelector('.list-box');
    if (box === null) throw new Error('there is no list');
    /** @type {number[]} */
    const lengths = [];
    let last = await new Promise(requestAnimationFrame);
    for (let at = 0; at < count; at++) {
      box.scrollTop += box.clientHeight / 3;
      const now = await new Promise(requestAnimationFrame);
      lengths.push(now - last);
      last = now;
    }
    return lengths;
  }, FRAMES);
  const late = frames.filter((length) => length > 25).length;
  console.log(`${FRAMES} frames while it was scrolled: ${told(frames)} ms each, ${late} were late (over 25 ms)`);
} finally {
  await browser.close();
  await broker.stop();
}

/**
 * Median, and the range of the middle nine tenths.
 *
 * @param {readonly number[]} numbers
 */
function told(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const at = (/** @type {number} */ share) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  return `${at(0.5)} (${at(0.05)} to ${at(0.95)})`;
}
