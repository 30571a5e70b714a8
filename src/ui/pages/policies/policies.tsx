/** All policies, and those of operators. */
import type { JSX } from 'preact';
import { href, note } from '../../api/route.js';
import { hasTag } from '../../api/session.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Empty, Page } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import type { BulkAction } from '../../components/tables/bulk.js';
import { type Column, Table } from '../../components/tables/table.js';
import { definitionText, deletePolicy, type Kind, type Policy } from './policy-json.js';
import { TARGETS } from './settings.js';

const COLUMNS: readonly Column<Policy>[] = [
  { label: 'Name', sort: 'name', cell: ({ name }) => name },
  { label: 'Vhost', sort: 'vhost', cell: ({ vhost }) => vhost },
  { label: 'Pattern', sort: 'pattern', cell: ({ pattern }) => <code>{pattern}</code> },
  {
    label: 'Applies to',
    isExtra: true,
    cell: (policy) => TARGETS.find(([target]) => target === policy['apply-to'])?.[1] ?? policy['apply-to'],
  },
  { label: 'Sets', isExtra: true, width: '30%', cell: definitionText },
  { label: 'Priority', sort: 'priority', isNumber: true, width: '7rem', cell: ({ priority }) => priority },
];

export default function PoliciesPage({ account, query }: PageProps): JSX.Element {
  const kind: Kind = query.get('kind') === 'operator' ? 'operator-policies' : 'policies';
  const mayWrite = hasTag(account, kind === 'policies' ? 'policymaker' : 'administrator');
  const bulk: readonly BulkAction<Policy>[] = [
    {
      verb: 'Delete',
      done: 'deleted',
      warning: (policies) => (
        <p>What {policies.map(({ name }) => name).join(', ')} set counts no more, at once. Queues and messages stay.</p>
      ),
      run: (policy) => deletePolicy(kind, policy),
    },
  ];
  return (
    <Page
      title="Policies"
      above={<AdminNav account={account} at="/admin/policies" />}
      actions={
        mayWrite && (
          <a class="button primary" href={href('admin', 'policies', kind)}>
            {kind === 'policies' ? 'Add a policy' : 'Add an operator policy'}
          </a>
        )
      }
    >
      <div class="row">
        <Choice of="policies" now={kind} />
        <Choice of="operator-policies" now={kind} />
        <Term name={kind === 'policies' ? 'policy' : 'operator policy'}>
          {kind === 'policies' ? 'What is this?' : 'How do these differ?'}
        </Term>
      </div>
      <Table<Policy>
        key={kind}
        label={kind === 'policies' ? 'policies' : 'operator policies'}
        path={`/api/${kind}`}
        columns={COLUMNS}
        keyOf={({ vhost, name }) => `${name} of ${vhost}`}
        keyColumns="name,vhost"
        {...(mayWrite ? { open: ({ vhost, name }: Policy) => href('admin', 'policies', kind, vhost, name), bulk } : {})}
        empty={
          <Empty title={kind === 'policies' ? 'There is no policy.' : 'There is no operator policy.'}>
            <p>
              A policy sets something for all queues or exchanges whose names fit a pattern: how long messages may wait,
              how many, where dead letters go. It can be changed while they are in use; arguments cannot.
            </p>
          </Empty>
        }
      />
    </Page>
  );
}

function Choice({ of, now }: { readonly of: Kind; readonly now: Kind }): JSX.Element {
  const choose = (): void => note({ kind: of === 'policies' ? '' : 'operator', name: '' });
  return (
    <button type="button" aria-pressed={of === now} onClick={choose}>
      {of === 'policies' ? 'Policies' : 'Operator policies'}
    </button>
  );
}
