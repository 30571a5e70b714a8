/** What is taken from somebody, or ends, while they look at a page. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { signIn, useSite } from './support/browser.js';

const site = useSite();
const PASSWORD = 'p';

/** Somebody with a tag and all rights in `/`. */
async function user(name: string, tags: string): Promise<{ readonly user: string; readonly password: string }> {
  await site().api.put(`/users/${name}`, { password: PASSWORD, tags });
  await site().api.put(`/permissions/%2F/${name}`, { configure: '.*', write: '.*', read: '.*' });
  return { user: name, password: PASSWORD };
}

/** Ends the session as its time does: the page is not told. */
async function endSession(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await fetch('./api/leveret/session', { method: 'DELETE', headers: { 'x-requested-with': 'leveret' } });
  });
}

test('a session that runs out while a page is open ends in the sign-in, and goes on where it was', async () => {
  await site().api.put('/queues/%2F/open', { durable: true });
  const page = await site().signedIn('/queues/%2F/open?tab=details');
  await page.getByRole('heading', { name: 'How it was declared' }).waitFor();
  await endSession(page);
  await page.getByLabel('Password').waitFor();
  expect(await page.getByRole('navigation').count()).toBe(0);
  await signIn(page, { user: 'guest', password: 'guest' });
  await page.getByRole('heading', { name: 'open', exact: true }).waitFor();
  await page.getByRole('heading', { name: 'How it was declared' }).waitFor();
});

test('a tag that is taken away takes its pages with it, and one that is given brings them', async () => {
  const who = await user('changing', 'monitoring');
  const page = await site().signedIn('/log', who);
  const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Log', exact: true });
  await link.waitFor();
  await user('changing', 'management');
  await page.getByText('This page is for users with the tag monitoring.').waitFor();
  await link.waitFor({ state: 'detached' });
  await user('changing', 'monitoring');
  await link.waitFor();
  await page.getByText('This page is for users').waitFor({ state: 'detached' });
});

test('whoever has lost the last tag, or is deleted, is signed out', async () => {
  const who = await user('leaving', 'management');
  const page = await site().signedIn('/queues', who);
  await user('leaving', '');
  await page.getByLabel('Password').waitFor();
  await user('leaving', 'management');
  await signIn(page, who);
  await page.getByRole('heading', { name: 'Queues' }).waitFor();
  await site().api.delete('/users/leaving');
  await page.getByLabel('Password').waitFor();
});

test('rights that are taken away are told in the words of the API, until they are given again', async () => {
  const who = await user('limited', 'management');
  await site().api.put('/queues/%2F/seen', { durable: true });
  const page = await site().signedIn('/queues/%2F/seen?tab=details', who);
  await page.getByRole('heading', { name: 'How it was declared' }).waitFor();
  await site().api.put('/permissions/%2F/limited', { configure: '^$', write: '^$', read: '^$' });
  await page.getByRole('button', { name: 'Purge' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Purge' }).click();
  await page.getByText(/access to queue 'seen' in vhost '\/' refused/).waitFor();
  await site().api.delete('/permissions/%2F/limited');
  await page.getByText('The broker refused this').first().waitFor();
  await user('limited', 'management');
  await page.getByText('The broker refused this').waitFor({ state: 'detached' });
});
