/** The log as it comes, in a browser. */
import { readFile } from 'node:fs/promises';
import { connect } from 'amqplib';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { checkPage, press, useSite } from '../support/browser.js';

const site = useSite();

/** Something that the broker tells of: a client that comes in and goes. */
async function comeAndGo(name: string): Promise<void> {
  const client = await connect(`amqp://guest:guest@127.0.0.1:${site().broker.port}/`, {
    clientProperties: { connection_name: name },
  });
  await client.close();
}

/** Something worse: a login that is refused. */
async function fail(user: string): Promise<void> {
  await connect(`amqp://${user}:wrong@127.0.0.1:${site().broker.port}/`).catch(() => {});
}

/** Does something until that many entries are shown: the page may begin to follow a moment later than it is drawn. */
async function shows(page: Page, entries: number, act: () => Promise<void>): Promise<void> {
  const shown = async (): Promise<number> => {
    await act();
    return page.locator('.log-text').count();
  };
  await expect.poll(shown, { timeout: 60_000 }).toBeGreaterThanOrEqual(entries);
}

test('entries come as they are made, and are narrowed by level and text', async () => {
  const page = await site().signedIn('/log');
  await page.getByText('Nothing has been logged since this page was opened.').waitFor();
  const text = page.locator('.log-text');
  await shows(page, 1, () => comeAndGo('a'));
  await fail('stranger');
  await text.filter({ hasText: 'stranger' }).first().waitFor();
  await page.getByLabel('Least level').selectOption('warning and worse');
  await page.getByText('accepted').first().waitFor({ state: 'hidden' });
  await page.getByLabel('Search the log').fill('STRANGER');
  await text.filter({ hasText: 'stranger' }).first().waitFor();
  await page.getByLabel('Search the log').fill('nobody says this');
  await page.getByText('Nothing here fits.').waitFor();
});

test('a pause holds what is shown, and says how much has come since', async () => {
  const page = await site().signedIn('/log');
  const text = page.locator('.log-text');
  await shows(page, 1, () => comeAndGo('b'));
  await press(page, 'Pause');
  const before = await text.count();
  await fail('held-back');
  await page.getByText(/[1-9]\d* new ones? since the pause/).waitFor();
  expect(await text.count()).toBe(before);
  await press(page, 'Go on');
  await text.filter({ hasText: 'held-back' }).first().waitFor();
});

test('what is shown is downloaded, a line each', async () => {
  const page = await site().signedIn('/log?text=in-the-file');
  await page.getByText('Nothing has been logged').waitFor();
  const text = page.locator('.log-text');
  await shows(page, 1, () => fail('in-the-file'));
  await press(page, 'Pause');
  const shown = await text.count();
  const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
  const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(shown);
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \[\w+\] \w+: .*in-the-file/);
});

test('a page that is looked at for long holds so many entries, and draws fewer', async () => {
  const { Entries, HELD_MAX } = await import('../../../src/ui/pages/log/entries.js');
  const entries = new Entries();
  for (let at = 0; at < 10 * HELD_MAX; at++)
    entries.add({ time: at, level: 'info', area: 'broker', message: `entry ${at}` });
  expect(entries.all.length).toBeLessThan(2 * HELD_MAX);
  expect(entries.all.at(-1)?.message).toBe(`entry ${10 * HELD_MAX - 1}`);
  expect(entries.lost + entries.all.length).toBe(10 * HELD_MAX);
});

test('an administrator says what the log tells; whoever may not is shown the log alone', async () => {
  const page = await site().signedIn('/log');
  await page.getByLabel('channel', { exact: true }).selectOption('debug');
  await page.getByText('The log tells channel from debug on').waitFor();
  expect((await site().api.get('/leveret/log-levels')).json).toMatchObject({ channel: 'debug' });
  await site().api.put('/users/watcher', { password: 'p', tags: 'monitoring' });
  const watcher = await site().signedIn('/log', { user: 'watcher', password: 'p' });
  await watcher.getByRole('heading', { name: 'Log' }).waitFor();
  expect(await watcher.getByText('What the log tells').count()).toBe(0);
  await site().api.put('/users/manager', { password: 'p', tags: 'management' });
  const manager = await site().signedIn('/log', { user: 'manager', password: 'p' });
  await manager.getByText('This page is for users with the tag monitoring.').waitFor();
});

test('the log is right by axe in light, dark and on a phone', async () => {
  const page = await site().signedIn('/log');
  const text = page.locator('.log-text');
  await shows(page, 3, () => comeAndGo('c'));
  await fail('shown-in-red');
  await text.filter({ hasText: 'shown-in-red' }).first().waitFor();
  await press(page, 'Pause');
  await checkPage(page, 'log');
});
