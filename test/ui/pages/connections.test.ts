/** Connections, in a browser, with those of a client that nobody here wrote. */
import amqp, { type ChannelModel } from 'amqplib';
import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { checkPage, GUEST, useSite } from '../support/browser.js';

const site = useSite();
const clients: ChannelModel[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close().catch(() => {})));
});

async function connect(name: string, { user, password } = GUEST): Promise<ChannelModel> {
  const url = `amqp://${user}:${password}@127.0.0.1:${site().broker.port}`;
  const client = await amqp.connect(url, { clientProperties: { connection_name: name } });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

function row(page: Page, name: string) {
  return page.locator('tbody tr', { has: page.getByRole('link', { name }) });
}

async function addUser(name: string, tags: string): Promise<void> {
  await site().api.put(`/users/${name}`, { password: 'p', tags });
  await site().api.put(`/permissions/%2F/${name}`, { configure: '.*', write: '.*', read: '.*' });
}

test('without any connection the page says how one is made', async () => {
  const page = await site().signedIn('/connections');
  await page.getByText('No program is connected.').waitFor();
  await checkPage(page, 'connections-empty');
});

test('those that come are listed by themselves, searched and sorted, and those that go are gone', async () => {
  await connect('first');
  const page = await site().signedIn('/connections');
  await row(page, 'first').getByText('running').waitFor();
  const second = await connect('second');
  await second.createChannel();
  await row(page, 'second').waitFor();
  await page.getByRole('button', { name: 'Channels' }).click();
  await page.locator('tbody tr[data-index="0"]', { hasText: 'second' }).waitFor();
  expect(await page.getByRole('columnheader', { name: 'Channels' }).getAttribute('aria-sort')).toBe('descending');
  await second.close();
  await row(page, 'second').waitFor({ state: 'detached' });
  await page.getByLabel('Search connections by name').fill('nobody has this');
  await page.getByText('Nothing here has “nobody has this” in its name.').waitFor();
});

test('columns that somebody chooses are there after a reload, too', async () => {
  await connect('first');
  const page = await site().signedIn('/connections');
  await row(page, 'first').waitFor();
  await page.getByRole('button', { name: 'Columns', exact: true }).click();
  await page.getByLabel('Client', { exact: true }).check();
  await page.getByLabel('TLS').uncheck();
  await page.reload();
  await row(page, 'first')
    .getByText(/amqplib/)
    .waitFor();
  expect(await page.getByRole('columnheader', { name: 'TLS' }).count()).toBe(0);
});

test('several are closed at once, and their programs are told the reason', async () => {
  const unwanted = await Promise.all(['unwanted 1', 'unwanted 2'].map((name) => connect(name)));
  await connect('wanted');
  const told = unwanted.map((client) => new Promise<string>((resolve) => client.once('close', (e) => resolve(`${e}`))));
  const page = await site().signedIn('/connections');
  for (const name of ['unwanted 1', 'unwanted 2']) await row(page, name).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('zu viele, schöne Grüße');
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click();
  for (const reason of await Promise.all(told)) expect(reason).toContain('zu viele, schöne Grüße');
  await page.getByText('2 rows closed').waitFor();
  for (const name of ['unwanted 1', 'unwanted 2']) await row(page, name).waitFor({ state: 'detached' });
  expect(await row(page, 'wanted').count()).toBe(1);
});

test('one is shown with all that is known of it, by keyboard alone, and follows what it does', async () => {
  const client = await connect('of orders');
  const page = await site().signedIn('/connections');
  await row(page, 'of orders').waitFor();
  await page.getByLabel('Search connections by name').focus();
  while (!(await page.evaluate(() => document.activeElement?.matches('[data-row]')))) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'of orders', level: 1 }).waitFor();
  await page.getByText('It has no channel.').waitFor();
  expect(await page.getByRole('table', { name: 'Client properties' }).textContent()).toContain('amqplib');
  const channel = await client.createChannel();
  await page.getByRole('table', { name: 'channels' }).getByRole('link', { name: '1' }).waitFor();
  channel.publish('', 'nowhere', Buffer.from('lost'));
  await page.locator('.fact', { hasText: 'Unroutable' }).locator('dd', { hasText: '1' }).waitFor();
  await page.locator('.plot canvas').first().waitFor();
  await checkPage(page, 'connection');
});

test('one that ends is shown as it was, and one that never was is told of', async () => {
  const client = await connect('short-lived');
  const page = await site().signedIn('/connections');
  await page.getByRole('link', { name: 'short-lived' }).click();
  await page.getByRole('button', { name: 'Close', exact: true }).waitFor();
  await client.close();
  await page.getByText('This connection has ended.').waitFor();
  expect(await page.getByRole('button', { name: 'Close', exact: true }).count()).toBe(0);
  await page.goto(`${site().address}#/connections/nobody`);
  await page.getByText('There is no such connection.').waitFor();
});

test('one is closed from its page', async () => {
  const client = await connect('unwanted');
  const told = new Promise<string>((resolve) => client.once('close', (error) => resolve(`${error}`)));
  const page = await site().signedIn('/connections');
  await page.getByRole('link', { name: 'unwanted' }).click();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByRole('button', { name: 'Close it' }).click();
  await page.getByRole('heading', { name: 'Connections' }).waitFor();
  expect(await told).toContain('Closed by an operator');
});

test('one sees the own connections, monitors see all, and administrators close all', async () => {
  await addUser('plain', 'management');
  await addUser('watcher', 'monitoring');
  await connect('of plain', { user: 'plain', password: 'p' });
  await connect('of guest');
  const plain = await site().signedIn('/connections', { user: 'plain', password: 'p' });
  await row(plain, 'of plain').waitFor();
  expect(await row(plain, 'of guest').count()).toBe(0);
  await plain.getByRole('link', { name: 'of plain' }).click();
  await plain.getByRole('button', { name: 'Close', exact: true }).waitFor();
  const watcher = await site().signedIn('/connections', { user: 'watcher', password: 'p' });
  await row(watcher, 'of plain').waitFor();
  await row(watcher, 'of guest').getByRole('checkbox').check();
  await watcher.getByText('Not all of them are yours').waitFor();
  expect(await watcher.getByRole('button', { name: 'Close', exact: true }).count()).toBe(0);
  await watcher.getByRole('link', { name: 'of guest' }).click();
  await watcher.getByRole('heading', { name: 'of guest' }).waitFor();
  expect(await watcher.getByRole('button', { name: 'Close', exact: true }).count()).toBe(0);
});

test('the list is right by axe in light, dark and on a phone', async () => {
  for (const name of ['orders', 'invoices', 'mailer']) await (await connect(name)).createChannel();
  const page = await site().signedIn('/connections');
  await row(page, 'mailer').waitFor();
  await checkPage(page, 'connections');
});
