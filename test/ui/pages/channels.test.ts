/** Channels, in a browser, with those of a client that nobody here wrote. */
import amqp, { type ChannelModel } from 'amqplib';
import { afterEach, expect, test } from 'vitest';
import { checkPage, useSite } from '../support/browser.js';

const site = useSite();
const clients: ChannelModel[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close().catch(() => {})));
});

async function connect(): Promise<ChannelModel> {
  const client = await amqp.connect(`amqp://127.0.0.1:${site().broker.port}`);
  clients.push(client);
  return client;
}

test('without any channel the page says where they come from', async () => {
  const page = await site().signedIn('/channels');
  await page.getByText('No program has opened a channel.').waitFor();
});

test('those that are opened are listed by themselves, with what they are for', async () => {
  const page = await site().signedIn('/channels');
  const client = await connect();
  await client.createConfirmChannel();
  const row = page.locator('tbody tr', { has: page.getByRole('link', { name: '(1)' }) });
  await row.getByText('confirms').waitFor();
  await client.createChannel();
  await page.getByRole('link', { name: '(2)' }).waitFor();
  await checkPage(page, 'channels');
});

test('one says in words that it has as many messages as it may, with its consumers', async () => {
  const client = await connect();
  const channel = await client.createChannel();
  await channel.assertQueue('work');
  await channel.prefetch(1);
  const taken = new Promise<amqp.ConsumeMessage>((resolve) => {
    void channel.consume('work', (message) => message !== null && resolve(message), { consumerTag: 'slow' });
  });
  for (const text of ['one', 'two']) channel.sendToQueue('work', Buffer.from(text));
  const message = await taken;
  const page = await site().signedIn('/channels');
  await page.getByRole('link', { name: '(1)' }).click();
  await page.getByText('It gets no more messages before it acknowledges: it holds 1, as many as it may.').waitFor();
  const consumer = page.getByRole('table', { name: 'Consumers' }).locator('tr', { hasText: 'slow' });
  expect(await consumer.textContent()).toContain('gets messages');
  expect(await consumer.getByRole('link', { name: 'work' }).getAttribute('href')).toBe('#/queues/%2F/work');
  await page.getByText('It publishes without confirms.').waitFor();
  await page.locator('.plot canvas').first().waitFor();
  await checkPage(page, 'channel');
  await channel.cancel('slow');
  channel.ack(message);
  await page.getByText('It gets no more messages').waitFor({ state: 'detached' });
  await page.getByText('It consumes from no queue.').waitFor();
});

test('one that ends is shown as it was, and one that never was is told of', async () => {
  const client = await connect();
  const channel = await client.createChannel();
  const page = await site().signedIn('/channels');
  await page.getByRole('link', { name: '(1)' }).click();
  await page.getByRole('heading', { name: 'Channel 1', exact: true }).waitFor();
  await channel.close();
  await page.getByText('This channel has ended.').waitFor();
  await page.goto(`${site().address}#/channels/nobody`);
  await page.getByText('There is no such channel.').waitFor();
});

test('whoever is no monitor sees those of the own connections', async () => {
  await site().api.put('/users/plain', { password: 'p', tags: 'management' });
  await (await connect()).createChannel();
  const page = await site().signedIn('/channels', { user: 'plain', password: 'p' });
  await page.getByText('Those of your own connections').waitFor();
  await page.getByText('No program has opened a channel.').waitFor();
  expect(await page.getByRole('link', { name: '(1)' }).count()).toBe(0);
});
