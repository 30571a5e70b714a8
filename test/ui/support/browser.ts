/** The web page in a real browser, Debian's Chromium, on a broker that is embedded in this process. */
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import type { Broker, BrokerOptions } from '../../../src/index.js';
import type { Credentials } from '../../management/support/http-client.js';
import { HttpApi } from '../../management/support/http-client.js';
import { startEmbedded } from '../../support/embedded.js';
import { signIn, startChromium } from './chromium.mjs';

/** What was seen: kept by continuous integration, not by git. */
const SEEN = fileURLToPath(new URL('../build', import.meta.url));
/** How long a page may take for what is waited for, on a machine that does much else (ms). */
const PATIENCE_MS = 30_000;
/** How long a test may take, or the start of a broker and a browser, on the same (ms). */
const TEST_MS = 120_000;

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

export { signIn };

export const GUEST: Credentials = { user: 'guest', password: 'guest' };

export interface Site {
  readonly broker: Broker;
  readonly api: HttpApi;
  /** Where the page is. */
  readonly address: string;
  /** A window of its own, that nobody has signed in with. */
  open(path?: string): Promise<Page>;
  /** One that somebody has signed in with. */
  signedIn(path?: string, who?: Credentials): Promise<Page>;
}

/** A broker and a browser for the tests of a file. What a page reports as an error fails the test. */
export function useSite(options: BrokerOptions = {}): () => Site {
  let browser: Browser | undefined;
  let site: Site | undefined;
  const contexts: BrowserContext[] = [];
  const errors: string[] = [];
  vi.setConfig({ testTimeout: TEST_MS, hookTimeout: TEST_MS });
  beforeAll(async () => {
    const [{ embedded }, started] = await Promise.all([
      startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0 }, ...options }),
      startChromium(),
    ]);
    browser = started;
    site = siteOf(embedded, started, contexts, errors);
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    expect(errors.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.broker.stop();
  });
  return () => {
    if (site === undefined) throw new Error('the browser is there while tests run');
    return site;
  };
}

function siteOf(broker: Broker, browser: Browser, contexts: BrowserContext[], errors: string[]): Site {
  const address = `http://127.0.0.1:${broker.management?.port}/`;
  const open = async (path = '/'): Promise<Page> => {
    const context = await browser.newContext({ viewport: DESK, colorScheme: 'light', reducedMotion: 'reduce' });
    context.setDefaultTimeout(PATIENCE_MS);
    contexts.push(context);
    const page = await context.newPage();
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      // What the API has refused is told so by the browser as well.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        errors.push(message.text());
    });
    await page.goto(`${address}#${path}`);
    return page;
  };
  return {
    broker,
    api: new HttpApi(broker),
    address,
    open,
    signedIn: async (path = '/', who = GUEST) => {
      const page = await open(path);
      await signIn(page, who);
      return page;
    },
  };
}

/** A field of the form that is open. */
export function field(page: Page, label: string): Locator {
  return page.getByRole('dialog').getByLabel(label, { exact: true });
}

export async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

/** Nothing is done, whatever is pressed. */
export async function cannotPress(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true });
  expect(await button.getAttribute('aria-disabled')).toBe('true');
  await button.focus();
  await page.keyboard.press('Enter');
}

interface Look {
  readonly name: string;
  readonly scheme: 'light' | 'dark';
  readonly size: { readonly width: number; readonly height: number };
}

const LOOKS: readonly Look[] = [
  { name: 'light', scheme: 'light', size: DESK },
  { name: 'dark', scheme: 'dark', size: DESK },
  { name: 'phone', scheme: 'light', size: PHONE },
];

/**
 * Looks at what a page shows now, in light, dark and phone width: axe finds nothing wrong with it, it is not wider than
 * the window, and a picture of each is kept as `test/ui/build/NAME-LOOK.png`.
 */
export async function checkPage(page: Page, name: string): Promise<void> {
  expect(await troublesOf(page, name)).toEqual([]);
}

/** What is wrong by that. */
export async function troublesOf(page: Page, name: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const look of LOOKS) {
    await page.emulateMedia({ colorScheme: look.scheme });
    await page.setViewportSize(look.size);
    await page.screenshot({ path: `${SEEN}/${name}-${look.name}.png` });
    found.push(...(await violations(page, look)).map((one) => `${look.name}: ${one}`));
    const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (isTooWide) found.push(`${look.name}: the page is wider than the window`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESK);
  return found;
}

async function violations(page: Page, { scheme }: Look): Promise<readonly string[]> {
  // It stays as long as the document does, which all places of the page share.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  // In dark all is as in light, but for the colours.
  const options = scheme === 'dark' ? { runOnly: ['color-contrast'] } : {};
  const run = (given: typeof options) => (globalThis as unknown as { axe: typeof axe }).axe.run(given);
  const { violations: all } = await page.evaluate(run, options);
  return all.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}
