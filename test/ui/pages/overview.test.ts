/** The overview, in a browser. */
import { test } from 'vitest';
import { checkPage, useSite } from '../support/browser.js';

const site = useSite();

test('figures are there at once, and follow what happens', async () => {
  const page = await site().signedIn();
  const fact = page.locator('.fact', { has: page.getByRole('button', { name: 'What is: queue?' }) });
  await fact.locator('dd', { hasText: /^0$/ }).waitFor();
  await site().api.put('/queues/%2F/new', {});
  await fact.locator('dd', { hasText: '1' }).waitFor();
});

test('a term is explained where it stands, by keyboard too', async () => {
  const page = await site().signedIn();
  await page.getByRole('button', { name: 'What is: exchange?' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Where programs publish.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Where programs publish.').waitFor({ state: 'hidden' });
});

test('it is right by axe in light, dark and on a phone, with its charts', async () => {
  const page = await site().signedIn();
  await page.locator('.plot canvas').first().waitFor();
  await checkPage(page, 'overview');
});
