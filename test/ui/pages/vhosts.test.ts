/** Vhosts, in a browser. */
import { expect, test } from 'vitest';
import { checkPage, field, press, useSite } from '../support/browser.js';

const site = useSite();

const json = async (path: string): Promise<unknown> => (await site().api.get(path)).json;

test('a vhost is added with what is said of it, changed and traced', async () => {
  const page = await site().signedIn('/admin/vhosts');
  await press(page, 'Add a vhost');
  await field(page, 'Name').fill('shop/eu');
  await field(page, 'Description').fill('orders of the shop');
  await field(page, 'Tags').fill('shop, eu');
  await field(page, 'Default queue type').selectOption('quorum');
  await press(page, 'Add vhost');
  await page.getByRole('heading', { name: 'Vhost shop/eu' }).waitFor();
  expect(await json('/vhosts/shop%2Feu')).toMatchObject({
    description: 'orders of the shop',
    tags: ['shop', 'eu'],
    default_queue_type: 'quorum',
    tracing: false,
  });
  await page.getByRole('link', { name: 'guest' }).waitFor();
  await press(page, 'Change');
  await field(page, 'Description').fill('all orders');
  await press(page, 'Save');
  await page.getByText('all orders').waitFor();
  await press(page, 'Trace');
  await press(page, 'Stop tracing');
  await page.getByRole('button', { name: 'Trace', exact: true }).waitFor();
  expect(await json('/vhosts/shop%2Feu')).toMatchObject({ description: 'all orders', tags: ['shop', 'eu'] });
});

test('a vhost that is there already is not changed by one who would add it', async () => {
  await site().api.put('/vhosts/old', { description: 'as it was' });
  const page = await site().signedIn('/admin/vhosts');
  await press(page, 'Add a vhost');
  await field(page, 'Name').fill('old');
  await press(page, 'Add vhost');
  await page.getByRole('dialog').getByRole('alert').filter({ hasText: 'There is a vhost old already' }).waitFor();
  expect(await json('/vhosts/old')).toMatchObject({ description: 'as it was' });
});

test('what the broker refuses is told in its words', async () => {
  const page = await site().signedIn('/admin/vhosts');
  await press(page, 'Add a vhost');
  await field(page, 'Name').fill('n'.repeat(256));
  await press(page, 'Add vhost');
  await page.getByText('vhost name is longer than 255 octets').waitFor();
});

test('a vhost that is protected stays, and one that is not goes with its queues, after a question', async () => {
  await site().api.put('/vhosts/kept', { protected_from_deletion: true });
  await site().api.put('/queues/kept/q', {});
  const page = await site().signedIn('/admin/vhosts/kept');
  const remove = async (): Promise<void> => {
    await press(page, 'Delete vhost');
    await page.getByText('Its 1 queue with all messages').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete vhost' }).click();
  };
  await remove();
  await page.getByText("Refusing to delete virtual host 'kept'").waitFor();
  await press(page, 'Change');
  await field(page, 'Protected from deletion').uncheck();
  await press(page, 'Save');
  await page.locator('dd', { hasText: 'allowed' }).waitFor();
  await remove();
  await page.getByRole('heading', { name: 'Vhosts' }).waitFor();
  expect((await site().api.get('/vhosts/kept')).status).toBe(404);
});

test('limits of a vhost are set', async () => {
  await site().api.put('/vhosts/small', {});
  const page = await site().signedIn('/admin/vhosts/small');
  await press(page, 'Change limits');
  await field(page, 'Queues').fill('0');
  await press(page, 'Save limits');
  await page.getByText('at most 0').waitFor();
  expect(await json('/vhost-limits/small')).toEqual([{ vhost: 'small', value: { 'max-queues': 0 } }]);
});

test('vhosts are right by axe in light, dark and on a phone', async () => {
  await site().api.put('/vhosts/shown', { description: 'for the picture', tracing: true });
  const page = await site().signedIn('/admin/vhosts');
  await page.getByText('shown').first().waitFor();
  await checkPage(page, 'vhosts');
  await press(page, 'Add a vhost');
  await checkPage(page, 'vhosts-add');
  await press(page, 'Cancel');
  await page.getByRole('link', { name: 'shown' }).click();
  await page.getByRole('heading', { name: 'Vhost shown' }).waitFor();
  await checkPage(page, 'vhost');
});
