/** The consumers of all queues, in a browser, with those of clients that nobody here wrote. */
import { type ChannelModel, connect } from 'amqplib';
import { afterEach, expect, test } from 'vitest';
import { checkPage, useSite } from '../support/browser.js';

const site = useSite();
const clients: ChannelModel[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close().catch(() => {})));
});

/** One that takes from queues under tags, by pairs. */
async function consumer(...pairs: readonly (readonly [queue: string, tag: string])[]): Promise<void> {
  const client = await connect(site().broker.url);
  clients.push(client);
  const channel = await client.createChannel();
  for (const [queue, consumerTag] of pairs) {
    await channel.assertQueue(queue);
    await channel.consume(queue, () => {}, { consumerTag });
  }
}

test('without any consumer the page says what becomes of messages', async () => {
  const page = await site().signedIn('/consumers');
  await page.getByText('No program takes messages.').waitFor();
});

test('all are listed, by themselves, and lead to their queues and their channels', async () => {
  const page = await site().signedIn('/consumers');
  await consumer(['orders', 'slow'], ['thumbnails', 'quick']);
  const row = page.locator('tbody tr', { hasText: 'slow' });
  await row.waitFor();
  await checkPage(page, 'consumers');
  await row.getByRole('link', { name: 'orders' }).click();
  await page.getByRole('heading', { level: 1, name: 'orders' }).waitFor();
  await page.goBack();
  await row.getByRole('link', { name: '(1)' }).click();
  await page.getByRole('heading', { level: 1, name: 'Channel 1' }).waitFor();
});

test('they are looked for by queue and by tag, and sorted', async () => {
  await consumer(['orders', 'slow'], ['orders', 'quick'], ['thumbnails', 'other']);
  const page = await site().signedIn('/consumers');
  const rows = page.locator('tbody tr:not(.gap)');
  const expectRows = async (...tags: readonly string[]): Promise<void> => {
    for (const [at, tag] of tags.entries()) await rows.nth(at).getByText(tag, { exact: true }).waitFor();
    await rows.nth(tags.length).waitFor({ state: 'detached' });
  };
  await page.getByRole('button', { name: 'Tag' }).click();
  await expectRows('other', 'quick', 'slow');
  const search = page.getByRole('searchbox');
  await search.fill('orders');
  await expectRows('quick', 'slow');
  await search.fill('SLOW');
  await expectRows('slow');
  await search.fill('/^thumb.* oth/');
  await expectRows('other');
  await search.fill('nobody');
  await page.getByText('Nothing here has “nobody” in its name.').waitFor();
});

test('many come in pages, and all are reached by the keyboard', async () => {
  await consumer(...Array.from({ length: 250 }, (_, i) => ['many', `c-${String(i).padStart(3, '0')}`] as const));
  const page = await site().signedIn('/consumers?sort=consumer_tag');
  await page.getByText('250 consumers').waitFor();
  await page.getByRole('link', { name: 'c-000' }).focus();
  await page.keyboard.press('End');
  await page.getByRole('link', { name: 'c-249' }).waitFor();
});

test('whoever is no monitor sees those of the own connections', async () => {
  await site().api.put('/users/plain', { password: 'p', tags: 'management' });
  await site().api.put('/permissions/%2F/plain', { configure: '.*', write: '.*', read: '.*' });
  await consumer(['orders', 'theirs']);
  const page = await site().signedIn('/consumers', { user: 'plain', password: 'p' });
  await page.getByText('Those of your own connections').waitFor();
  await page.getByText('No program takes messages.').waitFor();
  expect(await page.getByText('theirs').count()).toBe(0);
});
