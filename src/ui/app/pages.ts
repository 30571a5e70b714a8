/**
 * All pages. To add one:
 *
 * 1. A folder `src/ui/pages/NAME` whose main file has a component as its default export, of `PageProps`. It draws a
 *    `Page` (components/page/parts.tsx) and may use all of `components`, `api` and `text`, but no other page.
 * 2. An entry here: its path (`:vhost` stands for a part, which comes decoded in `params`), what it is called in the
 *    navigation (null: it is reached from elsewhere), the tag that it needs (as its routes do), and how it is loaded.
 *    Each page is a file of its own that is loaded when it is first looked at.
 * 3. A test in `test/ui/pages`, which has `checkPage` look at it in light, dark and phone width (test/ui/support).
 *
 * Terms are explained by `<Term>` with a text in text/glossary.ts. Whatever the API may refuse is shown in its words.
 */
import type { ComponentType } from 'preact';
import type { Tag } from '../api/session.js';
import type { PageProps } from '../components/page/page-props.js';

export interface PageEntry {
  readonly path: string;
  readonly nav: string | null;
  readonly tag: Tag;
  /** What is no part of the path. */
  readonly params?: Readonly<Record<string, string>>;
  load(): Promise<{ readonly default: ComponentType<PageProps> }>;
}

export const PAGES: readonly PageEntry[] = [
  { path: '/', nav: 'Overview', tag: 'management', load: () => import('../pages/overview/overview.js') },
  {
    path: '/connections',
    nav: 'Connections',
    tag: 'management',
    load: () => import('../pages/clients/connections.js'),
  },
  { path: '/connections/:name', nav: null, tag: 'management', load: () => import('../pages/clients/connection.js') },
  { path: '/channels', nav: 'Channels', tag: 'management', load: () => import('../pages/clients/channels.js') },
  { path: '/channels/:name', nav: null, tag: 'management', load: () => import('../pages/clients/channel.js') },
  {
    path: '/consumers',
    nav: 'Consumers',
    tag: 'management',
    load: () => import('../pages/clients/consumers.js'),
  },
  { path: '/exchanges', nav: 'Exchanges', tag: 'management', load: () => import('../pages/exchanges/exchanges.js') },
  {
    path: '/exchanges/:vhost/:name',
    nav: null,
    tag: 'management',
    load: () => import('../pages/exchanges/exchange.js'),
  },
  { path: '/queues', nav: 'Queues', tag: 'management', load: () => import('../pages/queues/queues.js') },
  {
    path: '/queues/:vhost/:name',
    nav: null,
    tag: 'management',
    load: () => import('../pages/queue/queue.js'),
  },
  { path: '/topology', nav: 'Topology', tag: 'management', load: () => import('../pages/topology/topology.js') },
  { path: '/admin', nav: 'Admin', tag: 'management', load: () => import('../pages/admin/admin.js') },
  { path: '/admin/users', nav: null, tag: 'administrator', load: () => import('../pages/users/users.js') },
  { path: '/admin/users/:user', nav: null, tag: 'administrator', load: () => import('../pages/users/user.js') },
  { path: '/admin/vhosts', nav: null, tag: 'administrator', load: () => import('../pages/vhosts/vhosts.js') },
  { path: '/admin/vhosts/:vhost', nav: null, tag: 'administrator', load: () => import('../pages/vhosts/vhost.js') },
  { path: '/admin/policies', nav: null, tag: 'management', load: () => import('../pages/policies/policies.js') },
  ...policyPages('policies', 'policymaker'),
  ...policyPages('operator-policies', 'administrator'),
  { path: '/admin/limits', nav: null, tag: 'management', load: () => import('../pages/limits/limits.js') },
  { path: '/admin/features', nav: null, tag: 'administrator', load: () => import('../pages/features/features.js') },
  {
    path: '/admin/definitions',
    nav: null,
    tag: 'administrator',
    load: () => import('../pages/definitions/definitions.js'),
  },
  { path: '/log', nav: 'Log', tag: 'monitoring', load: () => import('../pages/log/log.js') },
  { path: '/health', nav: 'Health', tag: 'management', load: () => import('../pages/health/health.js') },
];

/** A new one, and one that is there. */
function policyPages(kind: string, tag: Tag): readonly PageEntry[] {
  const page = { nav: null, tag, params: { kind }, load: () => import('../pages/policies/policy.js') };
  return ['', '/:vhost/:name'].map((rest) => ({ ...page, path: `/admin/policies/${kind}${rest}` }));
}

export interface FoundPage {
  readonly entry: PageEntry;
  readonly params: Readonly<Record<string, string>>;
}

/** Null: there is no such page. */
export function pageAt(path: string): FoundPage | null {
  for (const entry of PAGES) {
    const params = paramsOf(entry.path, path);
    if (params !== null) return { entry, params: { ...entry.params, ...params } };
  }
  return null;
}

function paramsOf(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const [names, parts] = [pattern.split('/'), path.replace(/(?<=.)\/$/, '').split('/')];
  if (names.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const part = parts[at] ?? '';
    if (name.startsWith(':')) params[name.slice(1)] = decoded(part);
    else if (name !== part) return null;
  }
  return params;
}

/** Somebody may have typed it. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
