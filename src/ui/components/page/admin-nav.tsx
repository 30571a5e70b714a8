/** The pages of the administration, above each of them. What must hold: each tag sees those that it may use. */
import type { JSX } from 'preact';
import { type Account, hasTag, type Tag } from '../../api/session.js';

interface AdminPage {
  readonly path: string;
  readonly name: string;
  readonly tag: Tag;
  /** What it is for. */
  readonly text: string;
}

export const ADMIN_PAGES: readonly AdminPage[] = [
  {
    path: '/admin/users',
    name: 'Users',
    tag: 'administrator',
    text: 'Who may come in: names, passwords, tags, and what each may do in which vhost.',
  },
  {
    path: '/admin/vhosts',
    name: 'Vhosts',
    tag: 'administrator',
    text: 'Name spaces with exchanges, queues and rights of their own: one for each application, as a rule.',
  },
  {
    path: '/admin/policies',
    name: 'Policies',
    tag: 'management',
    text: 'Settings for all queues and exchanges whose names fit a pattern, such as how long messages are kept.',
  },
  {
    path: '/admin/limits',
    name: 'Limits',
    tag: 'management',
    text: 'How many connections, channels and queues a vhost or a user may have.',
  },
  {
    path: '/admin/definitions',
    name: 'Definitions',
    tag: 'administrator',
    text: 'All of this in one file: to keep it, to move it to another broker, to bring it in from RabbitMQ.',
  },
  {
    path: '/admin/features',
    name: 'Features',
    tag: 'administrator',
    text: 'What this broker can do, as tools of RabbitMQ ask for it.',
  },
];

export function pagesFor(account: Account): readonly AdminPage[] {
  return ADMIN_PAGES.filter(({ tag }) => hasTag(account, tag));
}

export function AdminNav({ account, at }: { readonly account: Account; readonly at: string }): JSX.Element {
  return (
    <ul class="sub-nav">
      {pagesFor(account).map(({ path, name }) => (
        <li key={path}>
          <a href={`#${path}`} aria-current={path === at ? 'page' : undefined}>
            {name}
          </a>
        </li>
      ))}
    </ul>
  );
}
