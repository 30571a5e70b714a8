/**
 * Where the page is: the part of the address behind `#`, a path and a query (`#/queues/%2F/orders?tab=messages`). What
 * is looked for and how it is sorted stands there too, so that it outlasts a reload and goes with a link.
 */
import { Store, useStore } from './store.js';

export interface Place {
  /** Still encoded: a part may have a slash in it. */
  readonly path: string;
  readonly query: URLSearchParams;
}

function here(): Place {
  const [path = '', query = ''] = location.hash.slice(1).split('?');
  return { path: path === '' ? '/' : path, query: new URLSearchParams(query) };
}

const place = new Store(here());
addEventListener('hashchange', () => place.set(here()));

export function usePlace(): Place {
  return useStore(place);
}

/** The address of a page, by its parts: `href('queues', '/', 'orders')`. */
export function href(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

export function go(to: string): void {
  location.hash = to;
}

/** Notes something in the query, without a new entry in the browser's history; empty takes it out. */
export function note(changes: Readonly<Record<string, string>>): void {
  const { path, query } = here();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  history.replaceState(null, '', `#${path}${text === '' ? '' : `?${text}`}`);
  place.set(here());
}
