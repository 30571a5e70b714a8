/** The broker goes away while somebody looks at the page, and comes back. */
import { test } from 'vitest';
import { startEmbedded } from '../support/embedded.js';
import { useSite } from './support/browser.js';

const site = useSite();

test('the page says that the broker is away, and goes on by itself when it is back', async () => {
  const port = site().broker.management?.port ?? 0;
  const page = await site().signedIn('/queues');
  await page.getByText('There is no queue yet.').waitFor();
  await site().broker.stop();
  const banner = page.getByText('The broker cannot be reached.');
  await banner.waitFor();
  const { embedded } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port } });
  // Sessions end with the broker: whoever signs in again is where they were.
  await page.getByLabel('User').fill('guest');
  await page.getByLabel('Password').fill('guest');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Queues' }).waitFor();
  await banner.waitFor({ state: 'hidden' });
  await embedded.stop();
}, 60_000);
