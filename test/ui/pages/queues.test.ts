/** The list of queues, in a browser. */
import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { PATIENCE } from '../../support/waiting.js';
import { checkPage, useSite } from '../support/browser.js';

const site = useSite();

/** Definitions are the quickest way to have many. */
async function declare(names: readonly string[]): Promise<void> {
  const { api } = site();
  const queues = names.map((name) => ({ name, vhost: '/', durable: true, auto_delete: false, arguments: {} }));
  expect((await api.post('/definitions', { queues })).status).toBe(204);
}

/** In the order in which they are shown. */
function shown(page: Page): Promise<string[]> {
  return page.locator('tbody [data-row]').allTextContents();
}

afterEach(async () => {
  const { api } = site();
  const { json } = await api.get('/queues?disable_stats=true&columns=name');
  const names = (json as { name: string }[]).map(({ name }) => encodeURIComponent(name));
  await Promise.all(names.map((name) => api.delete(`/queues/%2F/${name}`)));
});

test('a page without queues says what to do next', async () => {
  const page = await site().signedIn('/queues');
  await page.getByText('There is no queue yet.').waitFor();
  await checkPage(page, 'queues-empty');
});

test('a queue is added with arguments; a wrong one is told at its field, and what the broker refuses in its words', async () => {
  const page = await site().signedIn('/queues');
  await page.getByRole('button', { name: 'Add a queue' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a queue' });
  await dialog.getByRole('button', { name: 'Add' }).click();
  await dialog.getByText('A queue needs a name.').waitFor();
  await dialog.getByLabel('Name', { exact: true }).fill('made here');
  await dialog.getByLabel('Most messages').fill('many');
  await dialog.getByText('This must be a whole number.').waitFor();
  await checkPage(page, 'queues-add');
  await dialog.getByLabel('Most messages').fill('1000');
  await dialog.getByLabel('Other arguments').fill('{"x-overflow": "nothing"}');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await dialog.getByText("invalid arg 'x-overflow'").waitFor();
  await dialog.getByLabel('Other arguments').fill('');
  await dialog.getByLabel('When it is full').selectOption('reject-publish');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('link', { name: 'made here' }).waitFor();
  const { json } = await site().api.get('/queues/%2F/made%20here');
  expect(json).toMatchObject({ durable: true, arguments: { 'x-max-length': 1000, 'x-overflow': 'reject-publish' } });
});

test('between slashes a regular expression is searched for; one that is none is told in the words of the API', async () => {
  await declare(['apple', 'apricot', 'pineapple']);
  const page = await site().signedIn('/queues?sort=name');
  const search = page.getByLabel('Search queues by name');
  await search.fill('/^ap.*t$/');
  await page.getByText('1 of 3 queues').waitFor();
  expect(await shown(page)).toEqual(['apricot']);
  await search.fill('/a(/');
  await page.getByText(/missing closing \)/).waitFor();
  await search.fill('apple');
  await page.getByText('2 of 3 queues').waitFor();
  expect(await shown(page)).toEqual(['apple', 'pineapple']);
});

test('the policies in force stand in the list, and queues are sorted by them', async () => {
  await declare(['apple', 'pear']);
  await site().api.put('/policies/%2F/short', { pattern: '^pear', definition: { 'max-length': 1 } });
  await site().api.put('/operator-policies/%2F/cap', { pattern: '^pear', definition: { 'max-length': 9 } });
  const page = await site().signedIn('/queues');
  await page.locator('tr', { hasText: 'pear' }).getByText('short, cap (operator)').waitFor();
  await page.getByRole('button', { name: 'Policy', exact: true }).click();
  await page.locator('th[aria-sort=ascending]').waitFor();
  await expect.poll(() => shown(page)).toHaveLength(2);
  await site().api.delete('/policies/%2F/short');
  await site().api.delete('/operator-policies/%2F/cap');
  await page.getByText('short, cap (operator)').waitFor({ state: 'detached' });
});

test('queues are narrowed to a vhost, and a column that somebody chooses stays', async () => {
  await declare(['apple']);
  await site().api.put('/vhosts/other', {});
  await site().api.put('/queues/other/elsewhere', {});
  const page = await site().signedIn('/queues');
  await page.getByRole('link', { name: 'elsewhere' }).waitFor();
  await page.getByRole('combobox', { name: 'Vhost' }).selectOption('other');
  await page.getByRole('link', { name: 'apple' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Redelivered' }).check();
  await page.reload();
  await page.getByRole('columnheader', { name: 'Redelivered' }).waitFor();
  await page.getByRole('link', { name: 'elsewhere' }).waitFor();
  await site().api.delete('/vhosts/other');
});

test('queues are searched, sorted by the broker, and both outlast a reload', async () => {
  await declare(['apple', 'pear', 'plum']);
  const page = await site().signedIn('/queues');
  await page.getByRole('link', { name: 'apple' }).waitFor();
  await page.getByRole('button', { name: 'Name', exact: true }).click();
  await page.locator('th[aria-sort=ascending]').waitFor();
  await page.getByRole('button', { name: 'Name', exact: true }).click();
  await expect.poll(() => shown(page), PATIENCE).toEqual(['plum', 'pear', 'apple']);
  await page.getByRole('searchbox').fill('p');
  await page.getByRole('searchbox').fill('pl');
  await expect.poll(() => shown(page), PATIENCE).toEqual(['plum', 'apple']);
  await page.reload();
  await expect.poll(() => shown(page), PATIENCE).toEqual(['plum', 'apple']);
  await page.getByRole('searchbox').fill('none of them');
  await page.getByText('Nothing here has “none of them” in its name.').waitFor();
});

test('all that is found is purged or deleted together, after a question', async () => {
  await declare([...Array.from({ length: 120 }, (_, at) => `bulk-${at}`), 'left']);
  const message = { payload: 'x', payload_encoding: 'string', properties: {}, routing_key: 'bulk-1' };
  await site().api.post('/exchanges/%2F/amq.default/publish', message);
  const page = await site().signedIn('/queues?name=bulk');
  await page.getByRole('checkbox', { name: 'Choose all 120 rows' }).click();
  await page.getByText('120 rows chosen').waitFor();
  await page.getByRole('button', { name: 'Purge' }).click();
  const dialog = page.getByRole('dialog', { name: 'Purge 120 rows?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect((await site().api.get('/queues/%2F/bulk-1')).json).toMatchObject({ messages: 1 });
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('120 rows deleted').waitFor();
  const { json } = await site().api.get('/queues?columns=name');
  expect(json).toEqual([{ name: 'left' }]);
});

test('what may not be done is told for those that were refused', async () => {
  await declare(['kept']);
  await site().api.put('/users/reader', { password: 'p', tags: 'management' });
  await site().api.put('/permissions/%2F/reader', { configure: '', write: '', read: '.*' });
  const page = await site().signedIn('/queues', { user: 'reader', password: 'p' });
  await page.getByRole('checkbox', { name: 'Choose / kept' }).click();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText(/0 paused, 1 refused: .*access.* refused/).waitFor();
});

test('the list is right by axe in light, dark and on a phone', async () => {
  await declare(Array.from({ length: 60 }, (_, at) => `orders.${at}`));
  await site().api.put('/queues/%2F/orders.paused', { durable: true, arguments: { 'x-message-ttl': 1000 } });
  await site().api.put('/queues/%2F/orders.paused/pause', {});
  const page = await site().signedIn('/queues');
  await page.getByRole('link', { name: 'orders.1', exact: true }).waitFor();
  await checkPage(page, 'queues');
});
