/** A page that is looked at for long stays as large as it is: its clock goes faster than the tests'. */
import { connect } from 'amqplib';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useSite } from './support/browser.js';

const site = useSite();

/** As often a page asks (ms), by its own clock. */
const EVERY_MS = 5_000;
/**
 * Charts list twenty moments at most, and fewer where their number is no multiple of that: among so many updates the most
 * that there is comes by.
 */
const ROUND = 21;
/** Between the rounds that are compared. */
const MORE = 40;

/** Has so many answers come to what the page asks for again and again. */
async function update(page: Page, path: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname === path);
    await page.clock.runFor(EVERY_MS);
    await (await answered).finished();
  }
}

/** The most nodes that there are meanwhile. */
async function most(page: Page, path: string): Promise<number> {
  let seen = 0;
  for (let time = 0; time < ROUND; time++) {
    await update(page, path, 1);
    seen = Math.max(seen, await page.evaluate(() => document.querySelectorAll('*').length));
  }
  return seen;
}

async function grows(path: string, asked: string): Promise<readonly [number, number]> {
  const page = await site().open(path);
  await page.clock.install();
  await page.getByLabel('User').fill('guest');
  await page.getByLabel('Password').fill('guest');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await update(page, asked, ROUND);
  const before = await most(page, asked);
  await update(page, asked, MORE);
  return [before, await most(page, asked)];
}

test('a connection, whose charts the page itself remembers', async () => {
  const client = await connect(`amqp://guest:guest@127.0.0.1:${site().broker.port}/`);
  await client.createChannel();
  const listed = async (): Promise<readonly { name: string }[]> =>
    (await site().api.get('/connections')).json as { name: string }[];
  await expect.poll(async () => (await listed()).length).toBe(1);
  const name = encodeURIComponent((await listed())[0]?.name ?? '');
  const [before, after] = await grows(`/connections/${name}`, `/api/connections/${name}`);
  expect(after).toBeLessThanOrEqual(before);
  await client.close();
});

test('the list of queues', async () => {
  for (let at = 0; at < 50; at++) await site().api.put(`/queues/%2F/q${at}`, {});
  const [before, after] = await grows('/queues', '/api/queues');
  expect(after).toBeLessThanOrEqual(before);
});
