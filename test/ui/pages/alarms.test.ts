/** Alarms on the overview, in a browser: what each tag is told of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AMQPClient } from '@cloudamqp/amqp-client';
import { afterAll, expect, test } from 'vitest';
import { checkPage, useSite } from '../support/browser.js';

const directory = mkdtempSync(join(tmpdir(), 'leveret-alarms-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** No disk has so much. */
const full = useSite({ data: { directory, diskFreeLimit: 2 ** 50 } });
/** It has 64 MiB. */
const short = useSite();
/** Messages of 64 KiB that it has no room for. */
const FILLING = 1_200;

test('a disk that is nearly full is told in plain words, with what to do', async () => {
  const page = await full().signedIn();
  const alarm = page.getByRole('alert').filter({ hasText: 'The disk is nearly full: nobody may publish.' });
  await alarm.getByText('1 PiB must be').waitFor();
  await alarm.getByText('Make room on that disk').waitFor();
  expect(await page.getByText('All is well').count()).toBe(0);
  await checkPage(page, 'overview-disk');
  await alarm.getByRole('link', { name: 'the longest queues' }).click();
  await page.getByRole('heading', { name: 'Queues' }).waitFor();
  await page.getByText('There is no queue yet.').waitFor();
});

/** Fills all memory with what cannot leave it for the disk: a transaction. Who has begun it is held back then. */
async function fillMemory(url: string): Promise<void> {
  const filler = await new AMQPClient(url, undefined, null).connect();
  const channel = await filler.channel();
  await channel.queueDeclare('long');
  await channel.txSelect();
  // Nobody waits for one to be sent: what the broker does not take stays here.
  for (let at = 0; at < FILLING; at++) channel.basicPublish('', 'long', new Uint8Array(64 * 1024)).catch(() => {});
  await expect.poll(() => filler.blocked, { timeout: 60_000 }).toBe('low on memory');
}

test('memory that is short is told until it is not', async () => {
  await fillMemory(short().broker.url);
  const page = await short().signedIn();
  const alarm = page.getByRole('alert').filter({ hasText: 'Memory is short: nobody may publish.' });
  await alarm.getByText('let consumers take their messages').waitFor();
  await checkPage(page, 'overview-memory');
  for (const { name } of (await short().api.get('/connections')).json as { name: string }[])
    await short().api.delete(`/connections/${encodeURIComponent(name)}`);
  await page.getByText('All is well.').waitFor();
});

test('monitors see alarms as administrators do; others are told where they are', async () => {
  for (const tags of ['monitoring', 'policymaker', 'management'])
    await full().api.put(`/users/${tags}`, { password: 'p', tags });
  const monitor = await full().signedIn('/', { user: 'monitoring', password: 'p' });
  await monitor.getByText('The disk is nearly full: nobody may publish.').waitFor();
  for (const user of ['policymaker', 'management']) {
    const page = await full().signedIn('/', { user, password: 'p' });
    await page.getByText('for users with the tag monitoring').waitFor();
    expect(await page.getByText('The disk is nearly full').count()).toBe(0);
    await page.getByRole('main').getByRole('link', { name: 'Health' }).click();
    await page.getByText('Publishers are held back until it is over.').first().waitFor();
  }
});
