/** Debian's Chromium: where it is, how it is started, how somebody signs in. For tests, and for what takes pictures. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const NAME = process.env.CHROMIUM ?? 'chromium';

/** @returns {Promise<import('playwright-core').Browser>} */
export async function startChromium() {
  return chromium.launch({ executablePath: executable(), args: ['--no-sandbox'] });
}

function executable() {
  if (NAME.includes('/')) return NAME;
  const found = (process.env.PATH ?? '').split(':').find((folder) => existsSync(`${folder}/${NAME}`));
  if (found === undefined) throw new Error(`${NAME} is not installed (Debian's package chromium)`);
  return `${found}/${NAME}`;
}

/** @param {import('playwright-core').Page} page @param {{ readonly user: string, readonly password: string }} who */
export async function signIn(page, { user, password }) {
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}
