/**
 * A walk over all places of the page as each tag: in light, dark and on a phone each shows what the tag may see, is right
 * by axe, is no wider than the window, and has neither an error nor a control that the API would refuse. Its pictures
 * are in `test/ui/build/walk`.
 */
import { type ChannelModel, connect } from 'amqplib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/waiting.js';
import { troublesOf, useSite } from '../support/browser.js';
import { openShop } from '../support/shop.mjs';
import { type Own, type Place, placesFor, RIGHTS, SET, TAGS, type Tag } from './places.js';

const site = useSite();
const PASSWORD = 'p';
/** The shop sells little: who looks at it is not its subject. */
const SHARE = 0.05;
/** The walks of all tags (ms), on a machine that does much else. */
const WALK_MS = 1_200_000;
const closing = new AbortController();
let shop: { readonly ended: Promise<void> } | undefined;

beforeAll(async () => {
  const { api } = site();
  for (const name of [...TAGS, 'none', 'other']) {
    const tags = TAGS.some((tag) => tag === name) ? name : '';
    await api.put(`/users/${name}`, { password: PASSWORD, tags });
    await api.put(`/permissions/%2F/${name}`, RIGHTS);
  }
  await api.put('/vhosts/eu', SET.vhost);
  await api.put('/policies/%2F/short', SET.policy);
  await api.put('/operator-policies/%2F/cap', SET.cap);
  await api.put('/vhost-limits/eu/max-queues', { value: 500 });
  await api.put('/user-limits/management/max-connections', { value: 500 });
  shop = await openShop(site().broker.url, closing.signal, SHARE);
});
afterAll(async () => {
  closing.abort();
  await shop?.ended;
});

test(
  'each page shows each tag what it may see, and nothing that is refused',
  async () => {
    // Side by side: each waits for the broker and the browser most of the time.
    const found = await Promise.all(TAGS.map(walked));
    expect(found.flat()).toEqual([]);
  },
  WALK_MS,
);

test('who has no tag is shown the sign-in alone, wherever a link leads', async () => {
  const page = await site().open('/admin/users/guest');
  await page.getByLabel('User').fill('none');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'Not management user' }).waitFor();
  for (const { path } of placesFor({ name: 'c', connection: 'c', channel: 'c', spare: 'c' })) {
    await page.goto(`${site().address}#${path}`);
    await page.getByLabel('User').waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
  }
});

/** What is wrong for whoever has a tag. */
async function walked(tag: Tag): Promise<readonly string[]> {
  const sees = ['monitoring', 'administrator'].includes(tag);
  const clients = [await connectAs(tag, `walker-${tag}`), await connectAs(sees ? 'other' : tag, `spare-${tag}`)];
  const own = await connected(tag);
  const page = await site().signedIn('/', { user: tag, password: PASSWORD });
  const refused: string[] = [];
  page.on('response', (answer) => {
    if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  const found: string[] = [];
  for (const place of placesFor(own)) {
    const told = await look(page, place, tag).catch((error: Error) => [error.message]);
    found.push(...[...told, ...refused.splice(0)].map((one) => `${tag}: ${place.name}: ${one}`));
  }
  for (const client of clients) await client.close().catch(() => {});
  return found;
}

async function connectAs(user: string, name: string): Promise<ChannelModel> {
  const url = site().broker.url.replace('guest:guest', `${user}:${PASSWORD}`);
  const client = await connect(url, { clientProperties: { connection_name: name } });
  // A control may end it.
  client.on('error', () => {});
  const channel = await client.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.consume(queue, () => {}, { consumerTag: `${name}-takes` });
  return client;
}

interface Listed {
  readonly name: string;
  readonly user_provided_name?: string;
  readonly connection_details?: { readonly name: string };
}

/** The API tells of clients a moment after they have come. */
async function connected(tag: Tag): Promise<Own> {
  const find = (path: string, isMeant: (one: Listed) => boolean): Promise<string> => {
    const found = async (): Promise<string> =>
      ((await site().api.get(path)).json as Listed[]).find(isMeant)?.name ?? '';
    return eventually(`what is meant among ${path}`, found, (name) => name !== '');
  };
  const connection = await find('/connections', (one) => one.user_provided_name === `walker-${tag}`);
  return {
    connection,
    channel: await find('/channels', ({ connection_details: of }) => of?.name === connection),
    spare: await find('/connections', (one) => one.user_provided_name === `spare-${tag}`),
    name: `walker-${tag}`,
  };
}

/** What is wrong there. */
async function look(page: Page, place: Place, tag: Tag): Promise<readonly string[]> {
  await page.goto(`${site().address}#${place.path}`);
  if (!place.tags.includes(tag)) {
    await page.getByText(/^This page is for users with the tag/).waitFor();
    return [];
  }
  await page.getByRole('heading', { level: 1, name: place.heading }).waitFor();
  await page.locator('main').getByText(place.shows).filter({ visible: true }).first().waitFor();
  const choice = page.getByRole('checkbox', { name: /^Choose all/ });
  if (await choice.isVisible()) {
    await choice.check();
    await page.getByText(/rows? chosen/).waitFor();
  }
  const told = [
    ...(await troublesOf(page, `walk/${tag}-${place.name}`)),
    ...(await troublesOfControls(page, place, tag)),
  ];
  return (await page.getByText('The broker refused this').isVisible()) ? [...told, 'it tells of a refusal'] : told;
}

/** Each is there if, and only if, the API does what it asks for. */
async function troublesOfControls(page: Page, { controls = {} }: Place, tag: Tag): Promise<readonly string[]> {
  const shown = await controlsOf(page);
  const unknown = shown.filter((name) => !(name in controls)).map((name) => `“${name}”: nobody knows what it asks for`);
  const api = site().api.as({ user: tag, password: PASSWORD });
  const wrong: string[] = [];
  for (const [name, ask] of Object.entries(controls)) {
    const isRefused = ask !== null && [401, 403].includes((await ask(api)).status);
    if (isRefused === shown.includes(name)) wrong.push(`“${name}” is ${isRefused ? 'there, and refused' : 'missing'}`);
  }
  return [...unknown, ...wrong];
}

/** What there is to be pressed, by what it says, but for what tables, terms and tabs have. */
function controlsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const all = document.querySelectorAll<HTMLElement>('main :is(button, a.button)');
    const shown = Array.from(all).filter(
      (one) => one.checkVisibility() && !one.matches('.sort, .term-button, [role=tab]'),
    );
    return [...new Set(shown.map((one) => one.ariaLabel ?? one.textContent.trim()))];
  });
}
