/** All users. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { usePolled } from '../../api/polling.js';
import { href } from '../../api/route.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Badge, Empty, Page } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import type { BulkAction } from '../../components/tables/bulk.js';
import { type Column, Table } from '../../components/tables/table.js';
import { deleteUser, type Permission, USERS, type User } from './access.js';
import { AddUser } from './user-forms.js';

export default function UsersPage({ account }: PageProps): JSX.Element {
  const [isAdding, setAdding] = useState(false);
  const { data: permissions = [] } = usePolled<readonly Permission[]>('/api/permissions?columns=user,vhost');
  const vhostsOf = (name: string): string =>
    permissions.flatMap(({ user, vhost }) => (user === name ? [vhost] : [])).join(', ');
  const columns: readonly Column<User>[] = [
    { label: 'Name', sort: 'name', cell: ({ name }) => name },
    { label: <Term name="tag">Tags</Term>, cell: ({ tags }) => tags.join(', ') || 'none' },
    {
      label: 'May enter',
      cell: ({ name }) => vhostsOf(name) || <Badge tone="warn">no vhost yet</Badge>,
    },
    {
      label: 'Password',
      isExtra: true,
      width: '9rem',
      cell: ({ password_hash: hash }) => (hash === '' ? <Badge>none</Badge> : 'set'),
    },
  ];
  const bulk: readonly BulkAction<User>[] = [
    {
      verb: 'Delete',
      done: 'deleted',
      warning: (users) => (
        <p>
          {users.map(({ name }) => name).join(', ')}: their connections are closed at once, and their rights go with
          them.
        </p>
      ),
      run: ({ name }) => deleteUser(name),
    },
  ];
  return (
    <Page
      title="Users"
      above={<AdminNav account={account} at="/admin/users" />}
      actions={
        <button type="button" class="primary" onClick={() => setAdding(true)}>
          Add a user
        </button>
      }
    >
      <Table<User>
        label="users"
        path={USERS}
        columns={columns}
        keyOf={({ name }) => name}
        keyColumns="name"
        open={({ name }) => href('admin', 'users', name)}
        bulk={bulk}
        empty={
          <Empty title="There is no user.">
            <p>Nobody can come in. Add one, with the tag administrator.</p>
          </Empty>
        }
      />
      {isAdding && <AddUser onClose={() => setAdding(false)} />}
    </Page>
  );
}
