/** Policies, in a browser. */
import { expect, test } from 'vitest';
import { EXCHANGE_ARGUMENTS } from '../../../src/broker/arguments/exchange-arguments.js';
import { QUEUE_ARGUMENTS } from '../../../src/broker/arguments/queue-arguments.js';
import { SETTINGS } from '../../../src/ui/pages/policies/settings.js';
import { cannotPress, checkPage, press, useSite } from '../support/browser.js';
import { tabTo } from '../support/keyboard.js';

const site = useSite();

const json = async (path: string): Promise<unknown> => (await site().api.get(path)).json;

test('what the page explains is what the broker takes, from operators too', () => {
  const taken = (all: typeof EXCHANGE_ARGUMENTS, of: string) =>
    all.flatMap(({ policy }) =>
      policy === undefined ? [] : [{ key: policy.key, of, isForOperators: policy.operators }],
    );
  const byKey = (one: { readonly key: string }, other: { readonly key: string }) => one.key.localeCompare(other.key);
  expect(SETTINGS.map(({ key, of, isForOperators }) => ({ key, of, isForOperators })).sort(byKey)).toEqual(
    [...taken(QUEUE_ARGUMENTS, 'queues'), ...taken(EXCHANGE_ARGUMENTS, 'exchanges')].sort(byKey),
  );
  const policies = new Map([...QUEUE_ARGUMENTS, ...EXCHANGE_ARGUMENTS].map(({ policy }) => [policy?.key, policy]));
  for (const setting of SETTINGS) {
    const fits = (value: unknown) => policies.get(setting.key)?.fits(value);
    if (setting.kind === 'number') expect([fits(setting.least - 1), fits(setting.least)]).toEqual([false, true]);
    if (setting.kind === 'choice') expect(setting.choices.map(([value]) => fits(value))).not.toContain(false);
    if (setting.kind === 'text') expect(fits('any')).toBe(true);
  }
});

test('a policy shows what it would meet while it is written, and is set', async () => {
  for (const name of ['orders.new', 'orders.old', 'bills']) await site().api.put(`/queues/%2F/${name}`, {});
  await site().api.put('/policies/%2F/narrow', {
    pattern: '^orders\\.new$',
    definition: { 'max-length': 5 },
    priority: 3,
    'apply-to': 'queues',
  });
  const page = await site().signedIn('/admin/policies');
  await page.getByRole('link', { name: 'Add a policy' }).click();
  await page.getByLabel('Name', { exact: true }).fill('wide');
  await page.getByLabel('Pattern', { exact: true }).fill('^orders');
  await page.getByText('2 queues: it counts for 1').waitFor();
  await page.getByText('narrow goes before it').waitFor();
  await page.getByLabel('Priority', { exact: true }).fill('4');
  await page.getByText('in place of narrow').waitFor();
  await page.getByLabel('message-ttl', { exact: true }).check();
  await page.getByLabel('Value of message-ttl').fill('3600000');
  await page.getByText('Milliseconds: 1 h').waitFor();
  await page.getByLabel('overflow', { exact: true }).check();
  await page.getByLabel('Value of overflow').selectOption('reject-publish');
  await press(page, 'Save policy');
  await page.getByRole('link', { name: 'wide' }).waitFor();
  expect(await json('/policies/%2F/wide')).toEqual({
    vhost: '/',
    name: 'wide',
    pattern: '^orders',
    'apply-to': 'queues',
    definition: { 'message-ttl': 3_600_000, overflow: 'reject-publish' },
    priority: 4,
  });
});

test('a policy is changed: what it says is there, and what is taken out is gone', async () => {
  await site().api.put('/policies/%2F/a%2Fb', { pattern: 'x', definition: { 'max-length': 5, expires: 7 } });
  const page = await site().signedIn('/admin/policies');
  await page.getByRole('link', { name: 'a/b' }).click();
  await page.getByLabel('Value of expires').waitFor();
  await page.getByLabel('expires', { exact: true }).uncheck();
  await page.getByLabel('Value of max-length', { exact: true }).fill('9');
  await press(page, 'Save policy');
  await page.getByText('max-length: 9').waitFor();
  expect(await json('/policies/%2F/a%2Fb')).toMatchObject({ definition: { 'max-length': 9 }, 'apply-to': 'all' });
  await page.getByRole('link', { name: 'a/b' }).click();
  await press(page, 'Delete policy');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete policy' }).click();
  await page.getByText('a/b deleted').waitFor();
  expect((await site().api.get('/policies/%2F/a%2Fb')).status).toBe(404);
});

test('what is wrong is told at its field, and nothing is sent', async () => {
  const page = await site().signedIn('/admin/policies/policies');
  await page.getByLabel('Name', { exact: true }).fill('wrong');
  await page.getByLabel('Pattern', { exact: true }).fill('a(');
  await page.getByText('pattern is no regular expression: missing closing )').waitFor();
  await page.getByLabel('max-length', { exact: true }).check();
  await page.getByLabel('Value of max-length', { exact: true }).fill('-1');
  await page.getByText('A whole number, 0 or more.').waitFor();
  await page.getByLabel('Priority', { exact: true }).fill('high');
  await page.getByText('A whole number.', { exact: true }).waitFor();
  await cannotPress(page, 'Save policy');
  expect((await site().api.get('/policies/%2F/wrong')).status).toBe(404);
});

test('one that is there is not replaced by a new one of its name', async () => {
  await site().api.put('/policies/%2F/first', { pattern: 'x', definition: { 'max-length': 1 } });
  const page = await site().signedIn('/admin/policies/policies');
  await page.getByLabel('Name', { exact: true }).fill('first');
  await page.getByLabel('max-length', { exact: true }).check();
  await page.getByLabel('Value of max-length', { exact: true }).fill('2');
  await press(page, 'Save policy');
  await page.getByText('There is a policy first in / already').waitFor();
  expect(await json('/policies/%2F/first')).toMatchObject({ definition: { 'max-length': 1 } });
});

test('operators set what they may, and no more is offered', async () => {
  const page = await site().signedIn('/admin/policies');
  await press(page, 'Operator policies');
  await page.getByRole('link', { name: 'Add an operator policy' }).click();
  await page.getByLabel('Name', { exact: true }).fill('cap');
  expect(await page.getByLabel('dead-letter-exchange', { exact: true }).count()).toBe(0);
  await page.getByLabel('max-length', { exact: true }).check();
  await page.getByLabel('Value of max-length', { exact: true }).fill('1000');
  await press(page, 'Save policy');
  await page.getByRole('link', { name: 'cap' }).waitFor();
  expect(await json('/operator-policies/%2F/cap')).toMatchObject({ definition: { 'max-length': 1000 } });
});

test('each tag may do what the API lets it do', async () => {
  await site().api.put('/policies/%2F/seen', { pattern: 'x', definition: { 'max-length': 1 } });
  for (const tag of ['management', 'policymaker']) {
    await site().api.put(`/users/${tag}`, { password: 'p', tags: tag });
    await site().api.put(`/permissions/%2F/${tag}`, { configure: '', write: '', read: '' });
  }
  const reader = await site().signedIn('/admin/policies', { user: 'management', password: 'p' });
  await reader.getByRole('cell', { name: 'seen' }).waitFor();
  expect(await reader.getByRole('link', { name: 'Add a policy' }).count()).toBe(0);
  expect(await reader.getByRole('link', { name: 'Users' }).count()).toBe(0);
  const maker = await site().signedIn('/admin/policies', { user: 'policymaker', password: 'p' });
  await maker.getByRole('link', { name: 'Add a policy' }).waitFor();
  await press(maker, 'Operator policies');
  await maker
    .getByText('There is no operator policy.')
    .or(maker.getByRole('cell', { name: 'cap' }))
    .first()
    .waitFor();
  expect(await maker.getByRole('link', { name: 'Add an operator policy' }).count()).toBe(0);
});

test('a policy can be made by keyboard alone', async () => {
  const page = await site().signedIn('/admin/policies/policies');
  const go = (label: string): Promise<void> => tabTo(page, page.getByLabel(label, { exact: true }));
  await go('Name');
  await page.keyboard.type('typed');
  await go('Pattern');
  await page.keyboard.type('^t');
  await go('max-length');
  await page.keyboard.press('Space');
  await go('Value of max-length');
  await page.keyboard.type('3');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'typed' }).waitFor();
  expect(await json('/policies/%2F/typed')).toMatchObject({ pattern: '^t', definition: { 'max-length': 3 } });
});

test('policies are right by axe in light, dark and on a phone', async () => {
  await site().api.put('/queues/%2F/seen', {});
  await site().api.put('/policies/%2F/shown', {
    pattern: '^s',
    definition: { 'max-length': 1, overflow: 'drop-head' },
  });
  const page = await site().signedIn('/admin/policies');
  await page.getByText('shown').first().waitFor();
  await checkPage(page, 'policies');
  await page.getByRole('link', { name: 'shown' }).click();
  await page.getByText('1 queue').waitFor();
  await checkPage(page, 'policy');
});
