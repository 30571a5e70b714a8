/** The page as somebody uses it who has no mouse. */
import type { Locator, Page } from 'playwright-core';

/** Nothing is further away by Tab. */
const STEPS_MAX = 80;

/** Goes to something by Tab alone; throws where that does not come there. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not come to ${String(target)}`);
}

/** Presses a button that Tab comes to. */
export async function pressByKey(page: Page, name: string): Promise<void> {
  await tabTo(page, page.getByRole('button', { name, exact: true }));
  await page.keyboard.press('Enter');
}
