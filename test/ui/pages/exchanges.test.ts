/** Exchanges, in a browser: listed, added, looked at, bound, published to, deleted. */
import amqp from 'amqplib';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { checkPage, useSite } from '../support/browser.js';

const site = useSite();
const user = (name: string) => ({ user: name, password: 'p' });

beforeAll(async () => {
  const { api } = site();
  await api.put('/exchanges/%2F/orders', { type: 'topic', durable: true });
  await api.put('/queues/%2F/invoices', { durable: true });
  await api.post('/bindings/%2F/e/orders/q/invoices', { routing_key: 'order.*.paid' });
});

function dialog(page: Page) {
  return page.getByRole('dialog');
}

function row(page: Page, name: string) {
  return page.locator('tbody tr', { has: page.getByRole('link', { name, exact: true }) });
}

test('they are listed, and those that come are there by themselves', async () => {
  const page = await site().signedIn('/exchanges');
  await row(page, 'orders').getByText('topic').waitFor();
  await row(page, '(default exchange)').waitFor();
  await site().api.put('/exchanges/%2F/later', { type: 'fanout', internal: true });
  await row(page, 'later').getByText('internal').waitFor();
  await page.getByLabel('Search exchanges by name').fill('later');
  await row(page, 'orders').waitFor({ state: 'detached' });
  await checkPage(page, 'exchanges');
});

test('several are deleted at once, and what may not be says why', async () => {
  for (const name of ['old 1', 'old 2']) await site().api.put(`/exchanges/%2F/${name}`, { type: 'fanout' });
  const page = await site().signedIn('/exchanges');
  for (const name of ['old 1', 'old 2', 'amq.topic']) await row(page, name).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText(/2 deleted, 1 refused: .*amq\.topic/).waitFor();
  await row(page, 'old 1').waitFor({ state: 'detached' });
});

test('one is added, by keyboard alone', async () => {
  const page = await site().signedIn('/exchanges');
  await page.getByRole('button', { name: 'Add an exchange' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('typed');
  await page.keyboard.press('Tab');
  await page.keyboard.type('fan');
  const isAtTheButton = () => page.evaluate(() => document.activeElement?.textContent === 'Add');
  while (!(await isAtTheButton())) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'typed' }).waitFor();
  expect((await site().api.get('/exchanges/%2F/typed')).json).toMatchObject({ type: 'fanout', durable: true });
});

test('one of each type is added with its arguments', async () => {
  const page = await site().signedIn('/exchanges');
  const add = async (name: string, type: string, fill: (page: Page) => Promise<void>): Promise<unknown> => {
    await page.goto(`${site().address}#/exchanges`);
    await page.getByRole('button', { name: 'Add an exchange' }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(name);
    await dialog(page).getByLabel('Type', { exact: true }).selectOption(type);
    await fill(page);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    return (await site().api.get(`/exchanges/%2F/${name}`)).json;
  };
  const nothing = async (): Promise<void> => {};
  for (const type of ['direct', 'fanout', 'topic', 'headers', 'x-modulus-hash', 'x-random', 'x-local-random'])
    expect(await add(`of ${type}`, type, nothing)).toMatchObject({ type });
  expect(
    await add('hashing', 'x-consistent-hash', (of) =>
      of.getByLabel('Property to share by').selectOption('message_id').then(nothing),
    ),
  ).toMatchObject({ arguments: { 'hash-property': 'message_id' } });
  expect(
    await add('remembering', 'x-recent-history', (of) => of.getByLabel('How many messages it remembers').fill('5')),
  ).toMatchObject({ arguments: { 'x-recent-history-length': 5 } });
  expect(
    await add('delaying', 'x-delayed-message', (of) => of.getByLabel('Routes as').selectOption('topic').then(nothing)),
  ).toMatchObject({ arguments: { 'x-delayed-type': 'topic' } });
  expect(
    await add('strict', 'direct', async (of) => {
      await of.getByLabel('Alternate exchange').fill('amq.fanout');
      await of.getByLabel('Deduplicates').check();
      await of.getByLabel('How many it remembers').fill('1000');
      await of.getByLabel('More arguments: name 1').fill('note');
      await of.getByLabel('More arguments: value 1').fill('mine');
    }),
  ).toMatchObject({
    arguments: {
      'alternate-exchange': 'amq.fanout',
      'x-message-deduplication': true,
      'x-cache-size': 1000,
      note: 'mine',
    },
  });
});

test('what is wrong with a new one is said beside its field, or in the words of the API', async () => {
  const page = await site().signedIn('/exchanges');
  await page.getByRole('button', { name: 'Add an exchange' }).click();
  const add = page.getByRole('button', { name: 'Add', exact: true });
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('orders');
  await add.click();
  await page.getByText('There is an exchange orders in / already.').waitFor();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('amq.mine');
  await add.click();
  await page.getByText(/amq\.mine.*reserved/).waitFor();
  await dialog(page).getByLabel('Type', { exact: true }).selectOption('x-delayed-message');
  await page.getByText('choose one').waitFor();
  expect(await add.getAttribute('aria-disabled')).toBe('true');
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('mine');
  await dialog(page).getByLabel('Type', { exact: true }).selectOption('x-recent-history');
  await page.getByLabel('How many messages it remembers').fill('many');
  await page.getByText('a whole number').waitFor();
  await page.getByLabel('How many messages it remembers').fill('0');
  await add.click();
  await page.getByText(/must be a positive integer/).waitFor();
  await dialog(page).getByLabel('Type', { exact: true }).selectOption('direct');
  await page.getByLabel('More arguments: name 1').fill('n');
  await page.getByLabel('More arguments: type 1').selectOption('number');
  await page.getByLabel('More arguments: value 1').fill('ten');
  await page.getByText('“ten” is no number').waitFor();
  await checkPage(page, 'exchange-add');
});

test('the page of one draws and lists its bindings, makes others and takes them away', async () => {
  await site().api.put('/queues/%2F/archive', {});
  const page = await site().signedIn('/exchanges');
  await page.getByRole('link', { name: 'orders', exact: true }).click();
  const to = page.getByRole('table', { name: 'It leads to' });
  await to.locator('tr', { hasText: 'order.*.paid' }).waitFor();
  await page.getByRole('link', { name: 'invoices queue' }).waitFor();
  await page.getByLabel('Queue', { exact: true }).fill('nowhere');
  await page.getByRole('button', { name: 'Bind', exact: true }).click();
  await page
    .getByRole('alert')
    .getByText(/nowhere/)
    .waitFor();
  await page.getByLabel('Queue', { exact: true }).fill('archive');
  await page.getByLabel('Routing key', { exact: true }).first().fill('#');
  await page.getByRole('button', { name: 'Bind', exact: true }).click();
  const made = to.locator('tr', { hasText: 'archive' });
  await made.waitFor();
  await page.getByRole('link', { name: 'archive queue' }).waitFor();
  await page.locator('.graph-frame').scrollIntoViewIfNeeded();
  await checkPage(page, 'exchange');
  await made.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await made.waitFor({ state: 'detached' });
});

test('a headers exchange is bound by headers that are asked for', async () => {
  await site().api.put('/exchanges/%2F/by-headers', { type: 'headers' });
  await site().api.put('/queues/%2F/pdf', {});
  const page = await site().signedIn('/exchanges/%2F/by-headers');
  await page.getByText('Nothing is bound to it.').waitFor();
  await page.getByLabel('Queue', { exact: true }).fill('pdf');
  await page.getByLabel('A message must have').selectOption('any');
  await page.getByLabel('Headers that are asked for: name 1').fill('format');
  await page.getByLabel('Headers that are asked for: value 1').fill('pdf');
  await page.getByRole('button', { name: 'Bind', exact: true }).click();
  await page.getByRole('table', { name: 'It leads to' }).waitFor();
  const bindings = (await site().api.get('/exchanges/%2F/by-headers/bindings/source')).json;
  expect(bindings).toMatchObject([{ destination: 'pdf', arguments: { format: 'pdf', 'x-match': 'any' } }]);
});

test('a message is published with properties and headers, as a client then has it', async () => {
  await site().api.put('/queues/%2F/taken', {});
  const page = await site().signedIn('/exchanges/%2F/amq.default');
  await page.getByText('To the queue that has the routing key as its name.').waitFor();
  const publish = page.getByRole('button', { name: 'Publish', exact: true });
  await page.getByLabel('Routing key', { exact: true }).fill('taken');
  await page.getByLabel('Payload', { exact: true }).fill('{"total": 12}');
  await page.getByLabel('Headers: name 1').fill('retries');
  await page.getByLabel('Headers: type 1').selectOption('number');
  await page.getByLabel('Headers: value 1').fill('3');
  await page.getByText('Properties', { exact: true }).click();
  await page.getByLabel('Priority').fill('high');
  await page.getByText('a whole number').waitFor();
  expect(await publish.getAttribute('aria-disabled')).toBe('true');
  await page.getByLabel('Priority').fill('7');
  await page.getByLabel('Content type').fill('application/json');
  await publish.click();
  await page.getByText('It went to at least one queue.').waitFor();
  await page.getByLabel('Payload is').selectOption('base64');
  await page.getByLabel('Payload', { exact: true }).fill('not base64!');
  await page.getByText('this is no base64').waitFor();
  await page.getByLabel('Payload', { exact: true }).fill('AP8=');
  await publish.click();
  await page.getByLabel('Payload is').selectOption('file');
  await page
    .getByLabel('File')
    .setInputFiles({ name: 'a.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(70_000, 7) });
  await publish.click();
  await expect
    .poll(async () => (await site().api.get('/queues/%2F/taken?columns=messages')).json)
    .toEqual({ messages: 3 });
  const client = await amqp.connect(`amqp://127.0.0.1:${site().broker.port}`);
  const channel = await client.createChannel();
  const [text, octets, file] = [await channel.get('taken'), await channel.get('taken'), await channel.get('taken')];
  await client.close();
  if (text === false || octets === false || file === false) throw new Error('a message is missing');
  expect(text.content.toString()).toBe('{"total": 12}');
  expect(text.properties).toMatchObject({
    contentType: 'application/json',
    priority: 7,
    deliveryMode: 2,
    headers: { retries: 3 },
  });
  expect([...octets.content]).toEqual([0, 255]);
  expect(file.content.equals(Buffer.alloc(70_000, 7))).toBe(true);
  await page.getByLabel('Payload is').selectOption('text');
  await page.getByLabel('Routing key', { exact: true }).fill('nobody');
  await publish.click();
  await page.getByText('It went nowhere.').waitFor();
  await page.getByText('Gone to queues, in all').waitFor();
});

test('one is deleted from its page, if nothing is bound to it where that was asked for', async () => {
  await site().api.put('/exchanges/%2F/used', { type: 'fanout' });
  await site().api.post('/bindings/%2F/e/used/q/invoices', { routing_key: '' });
  const page = await site().signedIn('/exchanges/%2F/used');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByLabel('Only if nothing is bound to it').check();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await page.getByText(/'used' in vhost '\/' in use/).waitFor();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await page.getByRole('heading', { name: 'Exchanges' }).waitFor();
  await page.goto(`${site().address}#/exchanges/%2F/used`);
  await page.getByText('There is no such exchange.').waitFor();
  await page.goto(`${site().address}#/exchanges/%2F/amq.direct`);
  await page.getByRole('heading', { name: 'amq.direct' }).waitFor();
  expect(await page.getByRole('button', { name: 'Delete', exact: true }).count()).toBe(0);
});

test('whoever may not configure is told so, and sees no vhost without rights in it', async () => {
  await site().api.put('/users/reader', { password: 'p', tags: 'management' });
  await site().api.put('/users/outsider', { password: 'p', tags: 'management' });
  await site().api.put('/permissions/%2F/reader', { configure: '^$', write: '^$', read: '.*' });
  const page = await site().signedIn('/exchanges', user('reader'));
  await row(page, 'orders').waitFor();
  await page.getByRole('button', { name: 'Add an exchange' }).click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('mine');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page
    .getByRole('dialog')
    .getByText(/refused|ACCESS_REFUSED/i)
    .waitFor();
  const outsider = await site().signedIn('/exchanges', user('outsider'));
  await outsider.getByText('You may see no vhost.').waitFor();
});

test('of very many bindings the graph draws as many as can be told apart, and one for the rest', async () => {
  await site().api.put('/exchanges/%2F/wide', { type: 'topic' });
  const queues = Array.from({ length: 60 }, (_, at) => `wide-${String(at).padStart(2, '0')}`);
  const bindings = queues.map((destination) => ({
    ...{ vhost: '/', source: 'wide', destination, destination_type: 'queue', routing_key: destination, arguments: {} },
  }));
  const definitions = { queues: queues.map((name) => ({ name, vhost: '/', durable: true })), bindings };
  await site().api.post('/definitions', definitions);
  const page = await site().signedIn('/exchanges/%2F/wide');
  const graph = page.locator('.graph');
  await graph.getByText('and 27 more').waitFor();
  expect(await graph.locator('[data-node]').count()).toBe(1 + 24);
  await page.getByText('Of 60 bindings those 50 that are listed below are drawn.').waitFor();
  await checkPage(page, 'exchange-wide');
});
