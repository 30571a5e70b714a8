/** Limits of vhosts and users, and what the broker can do, in a browser. */
import { expect, test } from 'vitest';
import { cannotPress, checkPage, field, press, useSite } from '../support/browser.js';

const site = useSite();

const json = async (path: string): Promise<unknown> => (await site().api.get(path)).json;

test('a vhost is limited, its limits are changed and cleared', async () => {
  await site().api.put('/vhosts/small', {});
  const page = await site().signedIn('/admin/limits');
  await page.getByText('No vhost has limits of its own.').waitFor();
  await press(page, 'Limit a vhost');
  await field(page, 'Vhost').selectOption('small');
  await press(page, 'Next');
  await field(page, 'Queues').fill('two');
  await cannotPress(page, 'Save limits');
  await field(page, 'Queues').fill('2');
  await press(page, 'Save limits');
  await page.getByRole('cell', { name: 'at most 2' }).waitFor();
  await press(page, 'Change limits of small');
  await field(page, 'Connections').fill('-1');
  await press(page, 'Save limits');
  await page.getByRole('cell', { name: 'none' }).waitFor();
  expect(await json('/vhost-limits/small')).toEqual([
    { vhost: 'small', value: { 'max-queues': 2, 'max-connections': -1 } },
  ]);
  await press(page, 'Clear limits of small');
  await page.getByText('No vhost has limits of its own.').waitFor();
});

test('who may not set limits sees them', async () => {
  await site().api.put('/users/reader', { password: 'p', tags: 'management' });
  await site().api.put('/user-limits/reader/max-channels', { value: 7 });
  const page = await site().signedIn('/admin/limits', { user: 'reader', password: 'p' });
  await page.getByRole('cell', { name: 'at most 7' }).waitFor();
  expect(await page.getByRole('button', { name: /Limit a|Change|Clear/ }).count()).toBe(0);
});

test('limits and features are right by axe in light, dark and on a phone', async () => {
  await site().api.put('/user-limits/guest/max-channels', { value: 700 });
  const page = await site().signedIn('/admin/limits');
  await page.getByRole('cell', { name: 'at most 700' }).waitFor();
  await checkPage(page, 'limits');
  await page.getByRole('link', { name: 'Features' }).click();
  await page.getByText('Nothing that you may use here will go.').waitFor();
  await page.getByRole('cell', { name: 'quorum_queue' }).waitFor();
  await checkPage(page, 'features');
  await page.getByRole('link', { name: 'Admin' }).click();
  await page
    .getByRole('heading', { name: 'Definitions' })
    .or(page.getByRole('heading', { name: 'Policies' }))
    .first()
    .waitFor();
  await checkPage(page, 'admin');
});
