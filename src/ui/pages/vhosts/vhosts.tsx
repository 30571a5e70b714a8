/** All vhosts. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { href } from '../../api/route.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Badge, Empty, Page } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import type { BulkAction } from '../../components/tables/bulk.js';
import { type Column, Table } from '../../components/tables/table.js';
import { count } from '../../text/format.js';
import { AddVhost } from './vhost-forms.js';
import { deleteVhost, VHOSTS, type Vhost } from './vhost-json.js';

const COLUMNS: readonly Column<Vhost>[] = [
  { label: 'Name', sort: 'name', cell: ({ name }) => name },
  { label: 'Description', isExtra: true, cell: ({ description }) => description },
  {
    label: 'State',
    cell: ({ tracing, protected_from_deletion: isProtected }) => (
      <>
        {tracing && <Badge tone="warn">traced</Badge>} {isProtected && <Badge>protected</Badge>}
      </>
    ),
  },
  {
    label: <Term name="message">Messages</Term>,
    isNumber: true,
    width: '9rem',
    cell: ({ messages }) => count(messages),
  },
];

const BULK: readonly BulkAction<Vhost>[] = [
  {
    verb: 'Delete',
    done: 'deleted',
    warning: (vhosts) => (
      <p>
        {vhosts.map(({ name }) => name).join(', ')}: all exchanges, queues and messages in there are lost, and who is
        connected is thrown out.
      </p>
    ),
    run: ({ name }) => deleteVhost(name),
  },
];

export default function VhostsPage({ account }: PageProps): JSX.Element {
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title="Vhosts"
      above={<AdminNav account={account} at="/admin/vhosts" />}
      actions={
        <button type="button" class="primary" onClick={() => setAdding(true)}>
          Add a vhost
        </button>
      }
    >
      <Table<Vhost>
        label="vhosts"
        path={VHOSTS}
        columns={COLUMNS}
        keyOf={({ name }) => name}
        keyColumns="name"
        open={({ name }) => href('admin', 'vhosts', name)}
        bulk={BULK}
        empty={
          <Empty title="There is no vhost.">
            <p>Programs have nothing to connect to. Add one; by habit the first one is called /.</p>
          </Empty>
        }
      />
      {isAdding && <AddVhost onClose={() => setAdding(false)} />}
    </Page>
  );
}
