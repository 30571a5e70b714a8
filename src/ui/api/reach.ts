/**
 * Whether the broker can be reached. What must hold: once it could not, somebody asks until it can, and all that is shown
 * is asked for anew then.
 */
import { Store } from './store.js';

/** Between two questions whether it is back (ms). */
const ASK_MS = 1_000;

export const isAway = new Store(false);
/** Another number each time the broker has come back. */
export const returns = new Store(0);

let isAsking = false;

export function foundAway(): void {
  isAway.set(true);
  if (isAsking) return;
  isAsking = true;
  setTimeout(ask, ASK_MS);
}

async function ask(): Promise<void> {
  const isBack = await fetch(new URL('./api/health/ready', document.baseURI.replace(/#.*/, '')), { cache: 'no-store' })
    .then(({ ok }) => ok)
    .catch(() => false);
  if (!isBack) return void setTimeout(ask, ASK_MS);
  isAsking = false;
  isAway.set(false);
  returns.set(returns.value + 1);
}
