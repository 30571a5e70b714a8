/** Signing in to the web page and out of it, as somebody does who sits before it. */
import { expect, test } from 'vitest';
import { checkPage, GUEST, signIn, useSite } from './support/browser.js';

const site = useSite();

test('somebody who signs in sees the overview, also after a reload, until the sign-out', async () => {
  const page = await site().signedIn();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
});

test('a wrong password is told in the words of the API, without the dialog of the browser', async () => {
  const page = await site().open();
  const answers: (string | undefined)[] = [];
  page.on('response', (answer) => answers.push(answer.headers()['www-authenticate']));
  await page.getByLabel('User').fill('guest');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /^Login failed$/ })
    .waitFor();
  expect(answers.length).toBeGreaterThan(0);
  expect(answers.filter((one) => one !== undefined)).toEqual([]);
});

test('scripts cannot read the cookie, and without the header of the page it counts for nothing', async () => {
  const page = await site().signedIn();
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  const whoami = (headers: Record<string, string>) =>
    page.evaluate(async (given) => (await fetch('/api/whoami', { headers: given })).status, headers);
  expect(await whoami({ 'x-requested-with': 'leveret' })).toBe(200);
  const headers = { cookie: `${cookie?.name}=${cookie?.value}` };
  expect((await fetch(`${site().address}api/whoami`, { headers })).status).toBe(401);
});

test('a user whose password is changed is asked for it anew', async () => {
  await site().api.put('/users/changed', { password: 'first', tags: 'management' });
  const page = await site().signedIn('/', { user: 'changed', password: 'first' });
  await site().api.put('/users/changed', { password: 'second', tags: 'management' });
  await page.reload();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await signIn(page, { user: 'changed', password: 'second' });
});

test('somebody without a tag is told that this is not for them', async () => {
  await site().api.put('/users/untagged', { password: 'p', tags: '' });
  const page = await site().open();
  await page.getByLabel('User').fill('untagged');
  await page.getByLabel('Password').fill('p');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /^Not management user$/ })
    .waitFor();
});

test('the sign-in can be used by keyboard alone', async () => {
  const page = await site().open();
  await page.getByLabel('User').waitFor();
  await page.keyboard.type(GUEST.user);
  await page.keyboard.press('Tab');
  await page.keyboard.type(GUEST.password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
});

test('the sign-in is right by axe in light, dark and on a phone', async () => {
  const page = await site().open();
  await page.getByLabel('User').waitFor();
  await checkPage(page, 'sign-in');
});
