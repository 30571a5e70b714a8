/** Pages that are used by keyboard alone: those whose own tests do not try it. */
import { readFile } from 'node:fs/promises';
import { connect } from 'amqplib';
import { expect, test } from 'vitest';
import { GUEST, signIn, useSite } from './support/browser.js';
import { pressByKey, tabTo } from './support/keyboard.js';

const site = useSite();

const json = async (path: string): Promise<unknown> => (await site().api.get(path)).json;

test('a vhost is added, changed and deleted', async () => {
  const page = await site().signedIn('/admin/vhosts');
  await pressByKey(page, 'Add a vhost');
  await page.keyboard.type('typed');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Vhost typed' }).waitFor();
  await pressByKey(page, 'Change');
  await page.keyboard.type('by keyboard');
  await page.keyboard.press('Enter');
  await page.getByText('by keyboard').waitFor();
  expect(await json('/vhosts/typed')).toMatchObject({ description: 'by keyboard' });
  await pressByKey(page, 'Delete vhost');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Delete vhost' }));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Vhosts' }).waitFor();
  expect((await site().api.get('/vhosts/typed')).status).toBe(404);
});

test('what is typed right behind the key that opens a dialog is not lost, however late the browser paints', async () => {
  const page = await site().open('/admin/vhosts');
  // Frames come when all is typed.
  await page.addInitScript(() => {
    globalThis.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 400) as unknown as number;
    const soon = globalThis.setTimeout;
    // Nor does what Preact does instead of waiting for a frame for long.
    globalThis.setTimeout = ((run: () => void, ms = 0) => soon(run, ms < 200 ? ms + 400 : ms)) as typeof setTimeout;
  });
  await page.reload();
  await signIn(page, GUEST);
  await pressByKey(page, 'Add a vhost');
  await page.keyboard.type('at once');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Vhost at once' }).waitFor();
  await site().api.delete('/vhosts/at%20once');
});

test('a dialog is left by Escape, and the keyboard is where it was', async () => {
  const page = await site().signedIn('/admin/vhosts');
  await pressByKey(page, 'Add a vhost');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const here = await page.evaluate(() => document.activeElement?.textContent);
  expect(here).toBe('Add a vhost');
});

test('limits are set and cleared', async () => {
  const page = await site().signedIn('/admin/limits');
  await pressByKey(page, 'Limit a user');
  await page.getByRole('option', { name: 'guest' }).waitFor({ state: 'attached' });
  await pressByKey(page, 'Next');
  await tabTo(page, page.getByRole('dialog').getByLabel('Channels', { exact: true }));
  await page.keyboard.type('77');
  await page.keyboard.press('Enter');
  await page.getByRole('cell', { name: 'at most 77' }).waitFor();
  await pressByKey(page, 'Clear limits of guest');
  await page.getByText('No user has limits of its own.').waitFor();
});

test('definitions are taken out, and brought in again', async () => {
  const page = await site().signedIn('/admin/definitions');
  const [file] = await Promise.all([page.waitForEvent('download'), pressByKey(page, 'Download')]);
  const definitions = JSON.parse(await readFile(await file.path(), 'utf8')) as Record<string, unknown>;
  definitions.queues = [{ name: 'brought', vhost: '/', durable: true, auto_delete: false, arguments: {} }];
  // Before the way to it, which takes a while: the browser is asked to hand a chooser over, and does not tell when it will.
  const chosen = page.waitForEvent('filechooser');
  await tabTo(page, page.getByLabel('File', { exact: true }));
  await page.keyboard.press('Enter');
  const chooser = await chosen;
  const buffer = Buffer.from(JSON.stringify(definitions));
  await chooser.setFiles({ name: 'definitions.json', mimeType: 'application/json', buffer });
  await page.getByRole('cell', { name: 'brought in /' }).waitFor();
  await pressByKey(page, 'Import it');
  await page.getByText('The definitions are imported').waitFor();
  expect((await site().api.get('/queues/%2F/brought')).status).toBe(200);
});

test('the log is held, narrowed and gone on with', async () => {
  const page = await site().signedIn('/log');
  const text = page.locator('.log-text');
  const come = async (): Promise<number> => {
    await (await connect(`amqp://guest:guest@127.0.0.1:${site().broker.port}/`)).close();
    return text.count();
  };
  await expect.poll(come, { timeout: 60_000 }).toBeGreaterThan(0);
  await pressByKey(page, 'Pause');
  await page.getByRole('button', { name: 'Go on', exact: true }).waitFor();
  await tabTo(page, page.getByLabel('Search the log'));
  await page.keyboard.type('nobody says this');
  await page.getByText('Nothing here fits.').waitFor();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.press('Delete');
  await text.first().waitFor();
  await pressByKey(page, 'Go on');
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
});

test('health is read, its terms are explained, its tables are scrolled', async () => {
  const page = await site().signedIn('/health');
  await page.getByText('All is well').waitFor();
  await tabTo(page, page.getByRole('group', { name: 'Checks: table' }));
  const term = page.getByRole('button', { name: /^What is: / }).first();
  await tabTo(page, term);
  await page.keyboard.press('Enter');
  const explained = page.locator('[popover]:popover-open');
  await explained.waitFor();
  await page.keyboard.press('Escape');
  await explained.waitFor({ state: 'hidden' });
});
