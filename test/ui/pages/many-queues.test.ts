/** Ten thousand queues, in a browser. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { PATIENCE } from '../../support/waiting.js';
import { useSite } from '../support/browser.js';

const site = useSite();
const MANY = 10_000;

/** Definitions are the quickest way to have many. */
async function declareMany(): Promise<void> {
  const names = Array.from({ length: MANY }, (_, at) => `many-${String(at).padStart(5, '0')}`);
  const queues = names.map((name) => ({ name, vhost: '/', durable: true, auto_delete: false, arguments: {} }));
  expect((await site().api.post('/definitions', { queues })).status).toBe(204);
}

test('ten thousand queues are drawn as far as they are seen, and gone through by keyboard', async () => {
  await declareMany();
  const page = await site().signedIn('/queues?sort=name');
  await page.getByRole('link', { name: 'many-00000' }).waitFor();
  await page.getByText('10,000 queues').waitFor();
  expect(await page.locator('tbody tr').count()).toBeLessThan(100);
  await page.getByRole('link', { name: 'many-00000' }).focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => focused(page), PATIENCE).toBe('many-00001');
  await page.keyboard.press('End');
  await expect.poll(() => focused(page), PATIENCE).toBe('many-09999');
  await page.keyboard.press('Space');
  await page.getByText('1 row chosen').waitFor();
  await page.keyboard.press('Home');
  await expect.poll(() => focused(page), PATIENCE).toBe('many-00000');
}, 60_000);

test('ten thousand queues are scrolled: wherever one is, the rows of that place are there, and no more', async () => {
  const page = await site().signedIn('/queues?sort=name');
  await page.getByText('10,000 queues').waitFor();
  const box = page.locator('.list-box');
  for (const share of [0.25, 0.5, 0.99, 0.1]) {
    await box.evaluate((element, at) => element.scrollTo(0, element.scrollHeight * at), share);
    const first = Math.floor((MANY * share) / 100) * 100 + 5;
    await page.getByRole('link', { name: `many-${String(first).padStart(5, '0')}` }).waitFor();
    expect(await page.locator('tbody tr').count()).toBeLessThan(100);
  }
  await box.evaluate((element) => element.scrollTo(0, 0));
  await page.getByRole('link', { name: 'many-00000' }).waitFor();
}, 60_000);

function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent ?? '');
}
