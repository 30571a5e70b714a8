/** Users and what they may do, in a browser. */
import { expect, test } from 'vitest';
import { cannotPress, checkPage, field, press, useSite } from '../support/browser.js';

const site = useSite();

const json = async (path: string): Promise<unknown> => (await site().api.get(path)).json;

async function addUser(name: string, tags = ''): Promise<void> {
  expect((await site().api.put(`/users/${name}`, { password: 'secret', tags })).status).toBe(201);
}

test('a user is added with tags, and given rights that were tried on a name before', async () => {
  const page = await site().signedIn('/admin/users');
  await press(page, 'Add a user');
  await field(page, 'Name').fill('ann');
  await field(page, 'Password').fill('secret');
  await field(page, 'Password again').fill('secret');
  await field(page, 'monitoring').check();
  await press(page, 'Add user');
  await page.getByRole('heading', { name: 'User ann' }).waitFor();
  await page.getByText('ann may enter no vhost.').waitFor();
  await press(page, 'Give rights in a vhost');
  await field(page, 'Configure').fill('');
  await field(page, 'Write').fill('^orders\\.');
  await field(page, 'Try it on a name').fill('orders.new');
  await page.getByText('may write to it').waitFor();
  await page.getByText('may not configure it').waitFor();
  await page.getByText('may read it').waitFor();
  await field(page, 'Try it on a name').fill('bills');
  await page.getByText('may not write to it').waitFor();
  await press(page, 'Save rights');
  await page.getByRole('cell', { name: '^orders\\.' }).waitFor();
  expect(await json('/users/ann')).toMatchObject({ tags: ['monitoring'] });
  expect(await json('/permissions/%2F/ann')).toMatchObject({ configure: '', write: '^orders\\.', read: '.*' });
  await press(page, /^Remove rights in/);
  await press(page, 'Take away');
  await page.getByText('ann may enter no vhost.').waitFor();
});

test('a user who is there already is not changed by one who would add it', async () => {
  await addUser('there', 'policymaker');
  const page = await site().signedIn('/admin/users');
  await press(page, 'Add a user');
  await field(page, 'Name').fill('there');
  await field(page, 'No password').check();
  await press(page, 'Add user');
  await page.getByRole('alert').filter({ hasText: 'There is a user there already' }).waitFor();
  expect(await json('/users/there')).toMatchObject({
    tags: ['policymaker'],
    password_hash: expect.stringMatching(/./),
  });
});

test('a new user is given all rights in a vhost at once, where that is chosen', async () => {
  const page = await site().signedIn('/admin/users');
  await press(page, 'Add a user');
  await field(page, 'Name').fill('program');
  await field(page, 'Password').fill('secret');
  await field(page, 'Password again').fill('secret');
  await field(page, 'All rights in').selectOption('/');
  await press(page, 'Add user');
  await page.getByRole('button', { name: 'Change rights in /' }).waitFor();
  expect(await json('/permissions/%2F/program')).toMatchObject({ configure: '.*', write: '.*', read: '.*' });
});

test('passwords that differ, and expressions that are none, are told at the field and not sent', async () => {
  await addUser('careful');
  const page = await site().signedIn('/admin/users/careful');
  await press(page, 'Change password');
  await field(page, 'Password').fill('first');
  await field(page, 'Password again').fill('second');
  await page.getByText('This is not the same password.').waitFor();
  await cannotPress(page, 'Save password');
  await press(page, 'Cancel');
  await press(page, 'Give rights in a vhost');
  await field(page, 'Read').fill('(');
  await page.getByText('missing closing )').waitFor();
  await cannotPress(page, 'Save rights');
  expect(await json('/users/careful/permissions')).toEqual([]);
  expect((await site().api.as({ user: 'careful', password: 'secret' }).get('/whoami')).status).toBe(401);
});

test('who gets other tags keeps the password, and who gets another password keeps the tags', async () => {
  await addUser('changing');
  const page = await site().signedIn('/admin/users/changing');
  await press(page, 'Change tags');
  await field(page, 'management').check();
  await press(page, 'Save tags');
  await page.locator('dd', { hasText: 'management' }).waitFor();
  const whoami = async (password: string) =>
    (await site().api.as({ user: 'changing', password }).get('/whoami')).status;
  expect(await whoami('secret')).toBe(200);
  await press(page, 'Change password');
  await field(page, 'Password').fill('other');
  await field(page, 'Password again').fill('other');
  await press(page, 'Save password');
  await page.getByText('Password of changing changed').waitFor();
  expect([await whoami('secret'), await whoami('other')]).toEqual([401, 200]);
});

test('routing keys are restricted for a user, with its name in the expression', async () => {
  await addUser('topical.user');
  await site().api.put('/permissions/%2F/topical.user', { configure: '', write: '.*', read: '' });
  const page = await site().signedIn('/admin/users/topical.user');
  await press(page, 'Restrict routing keys');
  await field(page, 'Exchange').fill('amq.topic');
  await field(page, 'Write').fill('^{username}$');
  await field(page, 'Try it on a routing key').fill('topicalXuser');
  await page.getByText('may not publish with it').waitFor();
  await field(page, 'Try it on a routing key').fill('topical.user');
  await page.getByText('may publish with it').waitFor();
  await press(page, 'Save');
  await page.getByRole('cell', { name: 'amq.topic', exact: true }).waitFor();
  expect(await json('/topic-permissions/%2F/topical.user')).toMatchObject([
    { exchange: 'amq.topic', write: '^{username}$', read: '.*' },
  ]);
});

test('limits of a user are set and taken back; what is no number is told at the field', async () => {
  await addUser('limited');
  const page = await site().signedIn('/admin/users/limited');
  await press(page, 'Change limits');
  await field(page, 'Connections').fill('many');
  await page.getByText('A whole number, -1 for no limit, or nothing.').waitFor();
  await field(page, 'Connections').fill('5');
  await press(page, 'Save limits');
  await page.getByText('at most 5').waitFor();
  expect(await json('/user-limits/limited')).toEqual([{ user: 'limited', value: { 'max-connections': 5 } }]);
  await press(page, 'Change limits');
  await field(page, 'Connections').fill('');
  await press(page, 'Save limits');
  await page.getByText('at most 5').waitFor({ state: 'hidden' });
  expect(await json('/user-limits/limited')).toEqual([]);
});

test('users are deleted, one or several, after a question', async () => {
  for (const name of ['going', 'gone-1', 'gone-2']) await addUser(name);
  const page = await site().signedIn('/admin/users/going');
  await press(page, 'Delete user');
  await page.getByText('Connections of going are closed at once').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click();
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  await page.getByLabel('Choose gone-1').check();
  await page.getByLabel('Choose gone-2').check();
  await press(page, 'Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('2 rows deleted').waitFor();
  for (const name of ['going', 'gone-1', 'gone-2']) expect((await site().api.get(`/users/${name}`)).status).toBe(404);
});

test('whoever is no administrator sees nothing of it, and is told why', async () => {
  await addUser('looker', 'monitoring');
  const page = await site().signedIn('/admin/users', { user: 'looker', password: 'secret' });
  await page.getByText('This page is for users with the tag administrator.').waitFor();
});

test('a user can be added by keyboard alone', async () => {
  const page = await site().signedIn('/admin/users');
  await page.getByRole('button', { name: 'Add a user' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('typed');
  await page.keyboard.press('Tab');
  await page.keyboard.type('secret');
  await page.keyboard.press('Tab');
  await page.keyboard.type('secret');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'User typed' }).waitFor();
});

test('users are right by axe in light, dark and on a phone', async () => {
  await addUser('shown', 'administrator');
  await site().api.put('/permissions/%2F/shown', { configure: '', write: '^a', read: '.*' });
  const page = await site().signedIn('/admin/users');
  await page.getByText('shown').first().waitFor();
  await checkPage(page, 'users');
  await press(page, 'Add a user');
  await checkPage(page, 'users-add');
  await press(page, 'Cancel');
  await page.getByRole('link', { name: 'shown' }).click();
  await page.getByRole('cell', { name: '^a' }).waitFor();
  await checkPage(page, 'user');
  await press(page, /^Change rights/);
  await field(page, 'Try it on a name').fill('a');
  await page.getByText('may write to it').waitFor();
  await checkPage(page, 'user-rights');
});
