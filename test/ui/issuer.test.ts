/** Signing in to the web page at an issuer of tokens: a real OpenID provider, of another site than the page. */
import type { Page } from 'playwright-core';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { RESOURCE } from '../support/issuer.js';
import { CLIENT, OidcProvider, RESOURCE_URI } from '../support/oidc-provider.js';
import { checkPage, press, useSite } from './support/browser.js';

const MANAGEMENT = `${RESOURCE}.tag:management`;

const provider = await OidcProvider.start();
const away = await OidcProvider.start();
await away.close();
const options = {
  resourceServerId: RESOURCE,
  clientId: CLIENT,
  scopes: ['openid', 'offline_access', MANAGEMENT],
  authorizationEndpointParams: { resource: RESOURCE_URI, prompt: 'consent' },
};
const site = useSite({ oauth: { ...options, issuer: provider.issuer } });
const alone = useSite({ oauth: { ...options, issuer: away.issuer }, log: null });
afterAll(() => provider.close());
beforeEach(() => {
  Object.assign(provider.grants, { scopes: MANAGEMENT, seconds: 600, isRefreshed: false });
});

const button = (issuer: string): string => `Sign in at ${new URL(issuer).host}`;

/** Goes to the issuer and signs in there; the issuer then asks whether the page may have a token. */
async function signInThere(page: Page, name: string): Promise<void> {
  await press(page, button(provider.issuer));
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('any');
  await press(page, 'Sign-in');
}

async function agree(page: Page): Promise<void> {
  await press(page, 'Continue');
}

async function troubleOf(page: Page): Promise<string> {
  const notice = page.getByRole('alert').filter({ hasText: 'You are not signed in' });
  await notice.waitFor();
  return (await notice.textContent()) ?? '';
}

async function hasSession(page: Page): Promise<boolean> {
  return page.evaluate(async () => (await fetch('./api/whoami', { headers: { 'x-requested-with': 'x' } })).ok);
}

test('whoever signs in at the issuer comes back to the same page, with a session and no token', async () => {
  const page = await site().open('/queues?q=orders');
  await signInThere(page, 'ann');
  const asked: string[] = [];
  await page.getByRole('button', { name: 'Continue' }).waitFor();
  page.on('request', (request) => asked.push(request.url()));
  await agree(page);
  await page.locator('.who-name', { hasText: 'ann' }).waitFor();
  expect(page.url()).toBe(`${site().address}#/queues?q=orders`);
  // Once the browser is back it asks its broker alone.
  const back = asked.findIndex((url) => url.startsWith(site().address));
  expect(asked.slice(back).filter((url) => !url.startsWith(site().address))).toEqual([]);
  const ours = (await page.context().cookies(site().address)).filter(({ name }) => name.startsWith('leveret_'));
  expect(ours).toMatchObject([{ httpOnly: true, sameSite: 'Strict', value: expect.not.stringContaining('.') }]);
  expect(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length])).toEqual(['', 0, 0]);
  await page.reload();
  await page.locator('.who-name', { hasText: 'ann' }).waitFor();
});

test('whoever signs out is signed out at the issuer, too, and comes back to the page', async () => {
  const page = await site().open('/queues');
  await signInThere(page, 'ann');
  await agree(page);
  await press(page, 'Sign out');
  await press(page, 'Yes, sign me out');
  await page.getByRole('button', { name: button(provider.issuer) }).waitFor();
  expect(page.url()).toBe(site().address);
  expect(await hasSession(page)).toBe(false);
  // Nobody is known there any more.
  await press(page, button(provider.issuer));
  await page.getByPlaceholder('Enter any login').waitFor();
});

test('whoever does not sign out at the issuer is signed out here all the same', async () => {
  const page = await site().open();
  await signInThere(page, 'ann');
  await agree(page);
  await press(page, 'Sign out');
  await page.getByRole('button', { name: 'Yes, sign me out' }).waitFor();
  await page.goto(site().address);
  await page.getByRole('button', { name: button(provider.issuer) }).waitFor();
  expect(await hasSession(page)).toBe(false);
});

test('an answer with another state is no sign-in', async () => {
  const page = await site().open();
  await page.route(/login-callback/, async (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set('state', 'forged');
    await route.fulfill({ status: 302, headers: { location: url.href } });
    await page.unroute(/login-callback/);
  });
  await signInThere(page, 'ann');
  await agree(page);
  expect(await troubleOf(page)).toContain('this answer belongs to another sign-in (state): begin again here');
  expect(await hasSession(page)).toBe(false);
});

test('an answer in a browser that has begun nothing is no sign-in', async () => {
  const page = await site().open();
  // What went wrong is told once: not to the page that is left.
  await page.waitForLoadState('networkidle');
  await page.goto(`${site().address}js/oidc-oauth/login-callback.html?code=stolen&state=x`);
  expect(await troubleOf(page)).toContain('this sign-in was not begun in this browser, or too long ago');
  await page.reload();
  await page.getByLabel('User').waitFor();
  await page.waitForLoadState('networkidle');
  expect(await page.getByRole('alert').filter({ hasText: /./ }).count()).toBe(0);
});

test('whoever does not agree at the issuer is told so', async () => {
  const page = await site().open();
  await signInThere(page, 'ann');
  await page.getByRole('button', { name: 'Continue' }).waitFor();
  await page.getByRole('link', { name: 'Cancel' }).click();
  expect(await troubleOf(page)).toContain('has refused (access_denied)');
  await checkPage(page, 'sign-in-issuer-refused');
});

test('a token without a scope for this page is no sign-in, and what is missing is said', async () => {
  provider.grants.scopes = `${RESOURCE}.read:*/*`;
  const page = await site().open();
  await signInThere(page, 'ann');
  await agree(page);
  expect(await troubleOf(page)).toContain('needs a scope such as tag:management');
  expect(await hasSession(page)).toBe(false);
});

test('when the token ends the page says so, and asks to sign in again', async () => {
  provider.grants.seconds = 4;
  const page = await site().open('/exchanges');
  await signInThere(page, 'ann');
  await agree(page);
  await page.getByRole('alert').filter({ hasText: 'Your session ran out' }).waitFor();
  await checkPage(page, 'sign-in-ran-out');
  provider.grants.seconds = 600;
  await press(page, button(provider.issuer));
  // The issuer knows them still.
  await agree(page);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  expect(page.url()).toBe(`${site().address}#/exchanges`);
});

test('a token is renewed before it ends, where the issuer does that', async () => {
  Object.assign(provider.grants, { seconds: 4, isRefreshed: true });
  const page = await site().open('/queues');
  await signInThere(page, 'ann');
  await agree(page);
  const listings = (): Promise<unknown> => page.waitForResponse((answer) => answer.url().includes('/api/queues'));
  // They are asked for every five seconds, and a token counts four.
  for (let i = 0; i < 3; i++) await listings();
  expect(await hasSession(page)).toBe(true);
  expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(1);
});

test('an issuer that is away is told of where somebody signs in, who may come in by a password', async () => {
  const page = await alone().open();
  await press(page, button(away.issuer));
  const alert = page.getByRole('alert').filter({ hasText: 'does not answer' });
  await alert.waitFor();
  expect(await alert.textContent()).toContain('/.well-known/openid-configuration: ');
  await page.getByLabel('User').fill('guest');
  await page.getByLabel('Password').fill('guest');
  await press(page, 'Sign in');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
});
