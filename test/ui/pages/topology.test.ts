/** The map of a vhost, in a browser, with the traffic of a client that nobody here wrote. */
import amqp, { type ChannelModel } from 'amqplib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPage, useSite } from '../support/browser.js';

const site = useSite();
let client: ChannelModel;

beforeAll(async () => {
  client = await amqp.connect(`amqp://127.0.0.1:${site().broker.port}`);
  const channel = await client.createChannel();
  await channel.assertExchange('orders', 'topic', { alternateExchange: 'lost' });
  await channel.assertExchange('lost', 'fanout');
  await channel.assertQueue('invoices', { deadLetterExchange: 'lost' });
  await channel.bindQueue('invoices', 'orders', '*.paid');
});
afterAll(() => client.close());

function viewBox(page: Page): Promise<readonly number[]> {
  return page.locator('.graph svg').evaluate((svg) => (svg.getAttribute('viewBox') ?? '').split(' ').map(Number));
}

test('without anything to show the page says what to do', async () => {
  await site().api.put('/vhosts/empty', {});
  await site().api.put('/permissions/empty/guest', { configure: '.*', write: '.*', read: '.*' });
  const page = await site().signedIn('/topology?vhost=empty');
  await page.getByText('There is nothing but what each vhost has from the beginning.').waitFor();
});

test('what is declared is drawn by itself, leads to its page, and stands in a table as well', async () => {
  const channel = await client.createChannel();
  const page = await site().signedIn('/topology?vhost=%2F');
  await page.getByRole('link', { name: 'orders topic' }).waitFor();
  await channel.assertQueue('archive');
  await channel.bindQueue('archive', 'orders', '#');
  await page.getByRole('link', { name: 'archive 0 messages' }).waitFor();
  // So that all others find it as it was.
  await channel.deleteQueue('archive');
  const table = page.getByRole('table', { name: 'Ways' });
  await table.locator('tr', { hasText: '*.paid' }).waitFor();
  await table.locator('tr', { hasText: 'dead letters' }).waitFor();
  await table.locator('tr', { hasText: 'alternate' }).waitFor();
  await page.getByRole('link', { name: 'orders topic' }).click();
  await page.getByRole('heading', { name: 'orders', exact: true }).waitFor();
});

test('ways say how fast messages go there', async () => {
  const channel = await client.createChannel();
  const page = await site().signedIn('/topology?vhost=%2F');
  const timer = setInterval(() => channel.publish('orders', 'book.paid', Buffer.from('1')), 10);
  try {
    const way = page.getByRole('table', { name: 'Ways' }).locator('tr', { hasText: '*.paid' });
    await way.getByText(/^[1-9]\d*(\.\d)?\/s$/).waitFor();
    await page.locator('.edge-used text', { hasText: '/s' }).first().waitFor();
    await checkPage(page, 'topology');
  } finally {
    clearInterval(timer);
  }
});

test('it is moved and made larger by keys, by the mouse and by buttons', async () => {
  const page = await site().signedIn('/topology?vhost=%2F');
  const frame = page.getByRole('application');
  await frame.focus();
  const changes = async (act: () => Promise<void>): Promise<readonly number[]> => {
    const before = await viewBox(page);
    await act();
    await expect.poll(() => viewBox(page)).not.toEqual(before);
    return before;
  };
  const first = await viewBox(page);
  for (const key of ['ArrowRight', 'ArrowDown', '+', '-', 'ArrowLeft']) await changes(() => page.keyboard.press(key));
  await changes(() => page.keyboard.press('0'));
  expect(await viewBox(page)).toEqual(first);
  await changes(() => page.getByRole('button', { name: 'Larger' }).click());
  await changes(() => page.getByRole('button', { name: 'Show all' }).click());
  const box = await frame.boundingBox();
  if (box === null) throw new Error('the map is not there');
  await page.mouse.move(box.x + 20, box.y + 20);
  await changes(async () => {
    await page.mouse.down();
    await page.mouse.move(box.x + 80, box.y + 70, { steps: 4 });
    await page.mouse.up();
  });
  await page.keyboard.down('Control');
  await changes(() => page.mouse.wheel(0, -200));
  await page.keyboard.up('Control');
  // What is dragged over a node does not lead away.
  const node = await page.getByRole('link', { name: 'orders topic' }).boundingBox();
  if (node === null) throw new Error('the node is not there');
  await page.mouse.move(node.x + 10, node.y + 10);
  await page.mouse.down();
  await page.mouse.move(node.x + 60, node.y + 40, { steps: 4 });
  await page.mouse.up();
  expect(new URL(page.url()).hash).toBe('#/topology?vhost=%2F');
});

test('two fingers make it larger', async () => {
  const page = await site().signedIn('/topology?vhost=%2F');
  await page.locator('.graph svg').waitFor();
  const before = await viewBox(page);
  const box = await page.getByRole('application').boundingBox();
  if (box === null) throw new Error('the map is not there');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart: number | null) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints:
        apart === null
          ? []
          : [
              { x: x - apart, y, id: 1 },
              { x: x + apart, y, id: 2 },
            ],
    });
  await touch('touchStart', 40);
  for (const apart of [50, 60, 80]) await touch('touchMove', apart);
  await touch('touchEnd', null);
  await expect.poll(async () => (await viewBox(page))[2]).toBeLessThan((before[2] ?? 0) * 0.8);
});

test('of two hundred each stands in a place of its own, also when it is drawn anew, and a name finds its neighbours', async () => {
  const channel = await client.createChannel();
  for (let at = 1; at < 10; at++) await channel.assertExchange(`hub ${at}`, 'topic');
  for (let at = 0; at < 190; at++) {
    await channel.assertQueue(`part ${at}`);
    if (at % 10 !== 0) await channel.bindQueue(`part ${at}`, `hub ${at % 10}`, `${at}`);
  }
  const page = await site().signedIn('/topology?vhost=%2F');
  const places = async (): Promise<Record<string, string | null>> => {
    await page.getByRole('link', { name: 'part 189' }).first().waitFor();
    return page
      .locator('.graph [data-node]')
      .evaluateAll((nodes) =>
        Object.fromEntries(
          nodes.map((node) => [node.getAttribute('data-node'), node.querySelector('g')?.getAttribute('transform')]),
        ),
      );
  };
  const first = await places();
  expect(Object.keys(first).length).toBeGreaterThan(190);
  expect(new Set(Object.values(first)).size).toBe(Object.keys(first).length);
  await page.reload();
  expect(await places()).toEqual(first);
  await checkPage(page, 'topology-200');
  await page.getByLabel('Search exchanges and queues by name').fill('part 17');
  await page.getByRole('link', { name: 'part 18 ' }).first().waitFor({ state: 'detached' });
  await page.locator('.graph').getByRole('link', { name: 'hub 7' }).waitFor();
  await page.getByLabel('Search exchanges and queues by name').fill('nobody has this');
  await page.getByText('Nothing here has “nobody has this” in its name.').waitFor();
});

test('whoever may not enter a vhost sees nothing of it', async () => {
  await site().api.put('/users/outsider', { password: 'p', tags: 'management' });
  const page = await site().signedIn('/topology?vhost=%2F', { user: 'outsider', password: 'p' });
  await page.getByText('The broker refused this').waitFor();
});
