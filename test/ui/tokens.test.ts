/** Signing in to the web page by a token of an issuer, whose tokens jose signs. */
import { afterAll, expect, test } from 'vitest';
import { Issuer, RESOURCE } from '../support/issuer.js';
import { cannotPress, checkPage, press, useSite } from './support/browser.js';

const issuer = await Issuer.start('ES256');
const site = useSite({ oauth: { resourceServerId: RESOURCE, jwksUrl: issuer.url } });
const plain = useSite();
afterAll(() => issuer.close());

test('the bearer of a token sees what its scopes say', async () => {
  const page = await site().open();
  await press(page, 'Sign in by a token (OAuth 2)');
  await cannotPress(page, 'Sign in');
  await page.getByLabel('Token').fill(await issuer.token({ scope: [`${RESOURCE}.tag:management`] }));
  await press(page, 'Sign in');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.locator('.who-name', { hasText: 'ann' }).waitFor();
  await page.goto(`${site().address}#/admin/users`);
  await page.getByText('This page is for users with the tag administrator.').waitFor();
});

test('what is wrong with a token is told, and that is no session', async () => {
  const page = await site().open();
  await press(page, 'Sign in by a token (OAuth 2)');
  await page
    .getByLabel('Token')
    .fill(await issuer.token({ scope: [`${RESOURCE}.tag:management`] }, { expiresIn: -60 }));
  await press(page, 'Sign in');
  await page.getByRole('alert').filter({ hasText: /./ }).first().waitFor();
  expect(await page.context().cookies()).toEqual([]);
});

test('a broker that takes no tokens asks for none', async () => {
  const page = await plain().open();
  await page.getByLabel('User').waitFor();
  await page.waitForLoadState('networkidle');
  expect(await page.getByRole('button', { name: /token/ }).count()).toBe(0);
});

test('the sign-in by a token is right by axe in light, dark and on a phone', async () => {
  const page = await site().open();
  await press(page, 'Sign in by a token (OAuth 2)');
  await checkPage(page, 'sign-in-token');
});
