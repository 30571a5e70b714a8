/** How the broker is, in a browser. */
import { connect } from 'amqplib';
import { expect, test } from 'vitest';
import { checkPage, useSite } from '../support/browser.js';

/** One client is as many as there may be. */
const site = useSite({ limits: { connectionMax: 1 } });

test('all is well where it is, and what stands behind it is shown', async () => {
  const page = await site().signedIn('/health');
  await page.getByText('All is well').waitFor();
  await page.getByText('Programs reach the broker by AMQP.').waitFor();
  const listeners = page.getByRole('table', { name: 'Listeners' });
  await listeners
    .getByRole('cell', { name: String(site().broker.port), exact: true })
    .first()
    .waitFor();
  await page.getByRole('cell', { name: 'worker 0' }).waitFor();
  await page.getByText('Nothing is encrypted by this broker.').waitFor();
});

test('what is not well is said in plain words, with what to do, until it is well again', async () => {
  const client = await connect(`amqp://guest:guest@127.0.0.1:${site().broker.port}/`);
  const page = await site().signedIn('/health');
  await page.getByText('node connection limit is reached').first().waitFor();
  await page.getByText('raise the limit (connection_max)').first().waitFor();
  expect(await page.getByText('All is well').count()).toBe(0);
  await client.close();
  await page.getByText('All is well').waitFor();
});

test('whoever is no monitor sees the checks, and is told why no more', async () => {
  await site().api.put('/users/manager', { password: 'p', tags: 'management' });
  const page = await site().signedIn('/health', { user: 'manager', password: 'p' });
  await page.getByText('All is well').waitFor();
  await page.getByText('are shown to users with the tag monitoring').waitFor();
  expect(await page.getByRole('table', { name: 'Listeners' }).count()).toBe(0);
});

test('health is right by axe in light, dark and on a phone', async () => {
  const page = await site().signedIn('/health');
  await page.getByText('All is well').waitFor();
  await page.getByRole('cell', { name: 'worker 0' }).waitFor();
  await checkPage(page, 'health');
});
