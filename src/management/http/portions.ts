/**
 * Work on many items, a portion in each turn of the event loop: other requests are answered between, and whoever
 * watches the thread sees it take steps.
 */

/** Each takes some tens of microseconds. */
const PORTION = 500;

export async function inPortions<T, R>(items: readonly T[], make: (item: T) => R): Promise<R[]> {
  const made: R[] = [];
  for (let from = 0; from < items.length; from += PORTION) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const item of items.slice(from, from + PORTION)) made.push(make(item));
  }
  return made;
}
