/** What the tests use of shop.mjs. */
export function openShop(url: string, closing: AbortSignal, share?: number): Promise<{ readonly ended: Promise<void> }>;
