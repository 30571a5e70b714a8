/** Definitions out of the broker and into it, in a browser. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { checkPage, press, useSite } from '../support/browser.js';

const site = useSite();

const json = async (path: string): Promise<unknown> => (await site().api.get(path)).json;

async function choose(page: Page, definitions: unknown): Promise<void> {
  const text = typeof definitions === 'string' ? definitions : JSON.stringify(definitions);
  await page
    .getByLabel('File', { exact: true })
    .setInputFiles({ name: 'definitions.json', mimeType: 'application/json', buffer: Buffer.from(text) });
}

test('what is exported is what the API exports, of all or of one vhost', async () => {
  await site().api.put('/queues/%2F/kept', { durable: true });
  const page = await site().signedIn('/admin/definitions');
  const download = async (): Promise<unknown> => {
    const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
    return JSON.parse(await readFile(await file.path(), 'utf8')) as unknown;
  };
  expect(await download()).toEqual(await json('/definitions'));
  await page.getByLabel('What', { exact: true }).selectOption('What is declared in vhost /');
  expect(await download()).toEqual(await json('/definitions/%2F'));
});

test('what an import would change is seen before it is done', async () => {
  await site().api.put('/queues/%2F/there', { durable: true, arguments: { 'x-max-length': 5 } });
  await site().api.put('/policies/%2F/cap', { pattern: '^a', definition: { 'max-length': 5 } });
  const page = await site().signedIn('/admin/definitions');
  await choose(page, {
    policies: [{ vhost: '/', name: 'cap', pattern: '^a', 'apply-to': 'all', definition: { 'max-length': 9 } }],
    queues: [
      { name: 'there', vhost: '/', durable: true, auto_delete: false, arguments: {} },
      { name: 'new', vhost: '/', durable: true, auto_delete: false, arguments: {} },
    ],
  });
  const changes = page.getByRole('table', { name: 'Changes' });
  await changes.getByText('definition.max-length: 5 → 9').waitFor();
  await changes.getByText("inequivalent arg 'x-max-length'").waitFor();
  await press(page, 'added');
  await changes.getByText("inequivalent arg 'x-max-length'").waitFor({ state: 'hidden' });
  await changes.getByRole('cell', { name: 'new in /' }).waitFor();
  expect((await site().api.get('/queues/%2F/new')).status).toBe(404);
  await press(page, 'Import it');
  await page.getByText('The definitions are imported').waitFor();
  await page.getByText('1 added, 1 changed, 0 the same, 1 kept or left out.').waitFor();
  expect((await site().api.get('/queues/%2F/new')).status).toBe(200);
  expect(await json('/policies/%2F/cap')).toMatchObject({ definition: { 'max-length': 9 } });
});

test('a file that is wrong is told by place, all of it, and cannot be imported', async () => {
  const page = await site().signedIn('/admin/definitions');
  await choose(page, { queues: [{ name: 7 }], users: [{ name: 'u', tags: 3 }] });
  await page.getByText('It cannot be imported: 2 things are wrong').waitFor();
  await page.getByText('queues[0].name').first().waitFor();
  await page.getByText('users[0].tags').first().waitFor();
  expect(await page.getByRole('button', { name: 'Import it' }).isDisabled()).toBe(true);
  await choose(page, '{"queues": [}');
  await page.getByText('The file is no JSON from line 1, column 13 on').waitFor();
});

test('a file can be brought into one vhost, whatever it says', async () => {
  await site().api.put('/vhosts/other', {});
  const page = await site().signedIn('/admin/definitions');
  await choose(page, { queues: [{ name: 'moved', vhost: '/', durable: true }] });
  await page.getByRole('cell', { name: 'moved in /' }).waitFor();
  await page.getByLabel('Into', { exact: true }).selectOption('vhost other, whatever the file says');
  await page.getByRole('cell', { name: 'moved in other' }).waitFor();
  await press(page, 'Import it');
  await page.getByText('The definitions are imported').waitFor();
  expect((await site().api.get('/queues/other/moved')).status).toBe(200);
  expect((await site().api.get('/queues/%2F/moved')).status).toBe(404);
});

test('who is no administrator is told that this is not for them', async () => {
  await site().api.put('/users/maker', { password: 'p', tags: 'policymaker' });
  const page = await site().signedIn('/admin/definitions', { user: 'maker', password: 'p' });
  await page.getByText('This page is for users with the tag administrator.').waitFor();
});

test('definitions are right by axe in light, dark and on a phone', async () => {
  await site().api.put('/queues/%2F/seen', { durable: true, arguments: { 'x-max-length': 5 } });
  const page = await site().signedIn('/admin/definitions');
  await choose(page, {
    queues: [
      { name: 'seen', vhost: '/', durable: true },
      { name: 'a-new-one', vhost: '/', durable: true },
    ],
  });
  await page.getByText('a-new-one in /').waitFor();
  await checkPage(page, 'definitions');
  await choose(page, { queues: [{ name: 7 }] });
  await page.getByText('It cannot be imported').waitFor();
  await checkPage(page, 'definitions-wrong');
});
