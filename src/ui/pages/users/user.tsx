/** One user: tags, password, rights, limits. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, pathOf } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { go, href } from '../../api/route.js';
import { confirmed } from '../../components/forms/dialog.js';
import { Limits } from '../../components/forms/limits.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Action, Badge, Fact, Facts, Loading, Notice, Page, Section, Trouble } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { deleteUser, type Permission, type TopicPermission, USERS, type User } from './access.js';
import { Permissions } from './permissions.js';
import { TopicPermissions } from './topic-permissions.js';
import { ChangePassword, ChangeTags } from './user-forms.js';

export default function UserPage({ params, account }: PageProps): JSX.Element {
  const { user: name = '' } = params;
  const [form, setForm] = useState<'tags' | 'password' | null>(null);
  const path = pathOf(USERS, name);
  const { data: user, error, reload } = usePolled<User>(path);
  const permissions = usePolled<readonly Permission[]>(`${path}/permissions`);
  const topics = usePolled<readonly TopicPermission[]>(`${path}/topic-permissions`);
  const { data: vhosts = [] } = usePolled<readonly { readonly name: string }[]>('/api/vhosts?columns=name');
  const done = (): void => {
    setForm(null);
    reload();
  };
  return (
    <Page
      title={`User ${name}`}
      above={<AdminNav account={account} at="/admin/users" />}
      actions={
        user !== undefined && (
          <Action tone="danger" run={() => removed(user, account.name)}>
            Delete user
          </Action>
        )
      }
    >
      {error !== null && <Trouble error={error} />}
      {user === undefined && error === null && <Loading />}
      {user !== undefined && (
        <>
          {user.name === 'guest' && <GuestNotice />}
          <Section
            title="Who this is"
            actions={
              <span class="row">
                <button type="button" onClick={() => setForm('tags')}>
                  Change tags
                </button>
                <button type="button" onClick={() => setForm('password')}>
                  Change password
                </button>
              </span>
            }
          >
            <Facts>
              <Fact name={<Term name="tag">Tags</Term>}>{user.tags.join(', ') || 'none'}</Fact>
              <Fact name="Password">{user.password_hash === '' ? <Badge>none</Badge> : 'set'}</Fact>
              <Fact name="Kept as">{user.password_hash === '' ? '–' : hashName(user.hashing_algorithm)}</Fact>
            </Facts>
          </Section>
          <Permissions
            user={name}
            permissions={permissions.data ?? []}
            vhosts={vhosts.map((vhost) => vhost.name)}
            onChange={permissions.reload}
          />
          <TopicPermissions
            user={name}
            permissions={topics.data ?? []}
            vhosts={(permissions.data ?? []).map(({ vhost }) => vhost)}
            onChange={topics.reload}
          />
          <Limits scope="user" owner={name} limits={user.limits} mayChange onChange={reload} />
          {form === 'tags' && <ChangeTags user={user} onClose={() => setForm(null)} onDone={done} />}
          {form === 'password' && <ChangePassword user={user} onClose={() => setForm(null)} onDone={done} />}
        </>
      )}
    </Page>
  );
}

function GuestNotice(): JSX.Element {
  return (
    <Notice tone="warn" title="Everybody knows the password of a new broker's guest.">
      It comes in from the same machine only. Make users of your own for programs, and delete this one when another
      administrator is there.
    </Notice>
  );
}

/** `rabbit_password_hashing_sha256` as people call it. */
function hashName(algorithm: string): string {
  return algorithm.replace(/^.*_hashing_/, '').toUpperCase();
}

async function removed({ name }: User, self: string): Promise<void> {
  const others = await get<readonly User[]>(`${USERS}?columns=name,tags`);
  const isLast = !others.some((user) => user.name !== name && user.tags.includes('administrator'));
  const text = (
    <>
      <p>Connections of {name} are closed at once, and its rights go with it.</p>
      {name === self && <p>This is you: you will be signed out.</p>}
      {isLast && <p>No other user has the tag administrator: nobody could sign in to administer this broker.</p>}
    </>
  );
  if (!(await confirmed({ title: `Delete user ${name}?`, text, verb: 'Delete user', isDestructive: true }))) return;
  await deleteUser(name);
  tell(`User ${name} deleted`);
  go(href('admin', 'users'));
}
