/** Pages whose figures come as events, and by asking where events do not come. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useSite } from './support/browser.js';

const site = useSite();

/** Whatever asks for what a page shows, from now on. */
function asked(page: Page, path: string): string[] {
  const urls: string[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === path) urls.push(request.url());
  });
  return urls;
}

async function publish(queue: string): Promise<void> {
  await site().api.post('/exchanges/%2F/amq.default/publish', {
    payload: 'x',
    payload_encoding: 'string',
    properties: {},
    routing_key: queue,
  });
}

const consumers = (page: Page, count: number): Promise<void> =>
  page.getByRole('tab', { name: `Consumers (${count})` }).waitFor();

test('a queue and the overview change by what is told of them, and nobody asks', async () => {
  await site().api.put('/queues/%2F/told', {});
  const page = await site().signedIn('/');
  await page.getByText('What there is').waitFor();
  const polls = ['/api/overview', '/api/queues/%2F/told'].map((path) => asked(page, path));
  await page.goto(`${site().address}#/queues/%2F/told`);
  await consumers(page, 0);
  const channel = await site().broker.channel();
  await channel.consume('told', () => {});
  await consumers(page, 1);
  await page.goto(`${site().address}#/`);
  await page.getByText('What there is').waitFor();
  expect(polls).toEqual([[], []]);
  await channel.close();
});

test('where no events come through, figures are asked for; and events again once they do', async () => {
  await site().api.put('/queues/%2F/asked', {});
  const page = await site().signedIn('/');
  let isThrough = false;
  // As a proxy that keeps an answer until it is whole.
  await page.route(/\/api\/leveret\/events\//, async (route) => {
    if (isThrough) await route.continue();
  });
  const polls = asked(page, '/api/queues/%2F/asked');
  await page.goto(`${site().address}#/queues/%2F/asked`);
  await consumers(page, 0);
  expect(polls.length).toBeGreaterThan(0);
  const channel = await site().broker.channel();
  await channel.consume('asked', () => {});
  await consumers(page, 1);
  isThrough = true;
  await page.waitForResponse((answer) => answer.url().includes('/api/leveret/events/queues/'));
  await channel.close();
  await consumers(page, 0);
});

test('once no events have come through, other pages are there at once', async () => {
  for (const name of ['blocked1', 'blocked2']) await site().api.put(`/queues/%2F/${name}`, {});
  const page = await site().signedIn('/');
  const happened: string[] = [];
  const ended = new Promise<void>((resolve) => {
    page.on('requestfailed', (request) => {
      if (!request.url().includes('/events/queues/%2F/blocked2')) return;
      happened.push('given up');
      resolve();
    });
  });
  page.on('request', (request) => {
    if (/api\/queues\/%2F\/blocked2\?/.test(request.url())) happened.push('asked');
  });
  await page.route(/\/api\/leveret\/events\//, () => {});
  await page.goto(`${site().address}#/queues/%2F/blocked1`);
  await consumers(page, 0);
  await page.goto(`${site().address}#/queues/%2F/blocked2`);
  await ended;
  expect(happened[0]).toBe('asked');
});

test('the log comes however many windows there are', async () => {
  await site().api.put('/queues/%2F/windows', {});
  const first = await site().signedIn('/queues/%2F/windows');
  await consumers(first, 0);
  // No more than that may have streams, if they can do without.
  for (let i = 0; i < 2; i++) {
    const page = await first.context().newPage();
    const told = page.waitForResponse((answer) => answer.url().includes('/events/queues/'));
    await page.goto(`${site().address}#/queues/%2F/windows`);
    await told;
    await consumers(page, 0);
  }
  const log = await first.context().newPage();
  const begun = log.waitForResponse((answer) => answer.url().endsWith('/api/leveret/log'));
  await log.goto(`${site().address}#/log`);
  expect((await begun).status()).toBe(200);
});

test('a queue that is deleted is told to be gone', async () => {
  await site().api.put('/queues/%2F/goes', {});
  const page = await site().signedIn('/queues/%2F/goes');
  await consumers(page, 0);
  await site().api.delete('/queues/%2F/goes');
  await page.getByText('There is no queue goes in the vhost /.').waitFor();
});

test('many windows leave no streams behind, and each shows what it should', async () => {
  await site().api.put('/queues/%2F/many', {});
  await publish('many');
  const first = await site().signedIn('/queues/%2F/many');
  const others = await Promise.all(Array.from({ length: 6 }, () => first.context().newPage()));
  await Promise.all(others.map((page) => page.goto(`${site().address}#/queues/%2F/many`)));
  for (const page of [first, ...others]) await consumers(page, 0);
  for (let i = 0; i < 10; i++) {
    await first.goto(`${site().address}#/`);
    await first.getByText('What there is').waitFor();
    await first.goto(`${site().address}#/queues/%2F/many`);
    await consumers(first, 0);
  }
  await first.context().close();
  // The broker has a hundred of them at most: all are to be had again.
  const url = `${site().address}api/leveret/events/overview`;
  const headers = { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` };
  const open = async (): Promise<readonly number[]> => {
    const ends = new AbortController();
    const all = Array.from({ length: 100 }, () => fetch(url, { headers, signal: ends.signal }));
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    ends.abort();
    return [...new Set(statuses)];
  };
  // The broker hears a moment later that they have gone.
  await expect.poll(open, { timeout: 60_000 }).toEqual([200]);
});
