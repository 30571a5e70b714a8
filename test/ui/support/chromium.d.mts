/** What the tests use of chromium.mjs. */
import type { Browser, Page } from 'playwright-core';

export function startChromium(): Promise<Browser>;
export function signIn(page: Page, who: { readonly user: string; readonly password: string }): Promise<void>;
