/** Limits of vhosts and of users: those that are set, in two lists. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { hasTag } from '../../api/session.js';
import { Dialog } from '../../components/forms/dialog.js';
import { ChoiceField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { LIMITS, type LimitScope, type LimitSet, LimitsForm, limitText } from '../../components/forms/limits.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Action, Empty, Loading, Page, Section, Trouble } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { PlainTable } from '../../components/tables/plain-table.js';

type OwnerLimits = { readonly value: LimitSet } & { readonly [S in LimitScope]?: string };

interface Owned {
  readonly owner: string;
  readonly limits: LimitSet;
}

export default function LimitsPage({ account }: PageProps): JSX.Element {
  const mayChange = hasTag(account, 'administrator');
  return (
    <Page title="Limits" above={<AdminNav account={account} at="/admin/limits" />}>
      <LimitsOf scope="vhost" title="Of vhosts" owners="/api/vhosts?columns=name" mayChange={mayChange} />
      <LimitsOf scope="user" title="Of users" owners="/api/users?columns=name" mayChange={mayChange} />
    </Page>
  );
}

interface LimitsOfProps {
  readonly scope: LimitScope;
  readonly title: string;
  /** Where to learn who may be limited. */
  readonly owners: string;
  readonly mayChange: boolean;
}

function LimitsOf({ scope, title, owners, mayChange }: LimitsOfProps): JSX.Element {
  const { data, error, reload } = usePolled<readonly OwnerLimits[]>(`/api/${scope}-limits`);
  const [edited, setEdited] = useState<Owned | 'choose' | null>(null);
  const rows = (data ?? []).map((one) => ({ owner: one[scope] ?? '', limits: one.value }));
  const clear = async ({ owner, limits }: Owned): Promise<void> => {
    for (const name of Object.keys(limits)) await call('DELETE', pathOf(`/api/${scope}-limits`, owner, name));
    tell(`Limits of ${scope} ${owner} cleared`);
    reload();
  };
  return (
    <Section
      title={<Term name="limit">{title}</Term>}
      actions={
        mayChange && (
          <button type="button" onClick={() => setEdited('choose')}>
            Limit a {scope}
          </button>
        )
      }
    >
      {error !== null && <Trouble error={error} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && rows.length === 0 && (
        <Empty title={`No ${scope} has limits of its own.`}>
          <p>What the node allows each {scope} counts, if its configuration says something.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <PlainTable<Owned>
          label={`Limits of ${scope}s`}
          rows={rows}
          keyOf={({ owner }) => owner}
          columns={[
            { label: scope === 'vhost' ? 'Vhost' : 'User', cell: ({ owner }) => owner },
            ...LIMITS[scope].map(([name, label]) => ({
              label,
              cell: ({ limits }: Owned) => limitText(limits[name]),
            })),
            {
              label: <span class="unseen">Change</span>,
              cell: (row) =>
                mayChange && (
                  <span class="row">
                    <button type="button" aria-label={`Change limits of ${row.owner}`} onClick={() => setEdited(row)}>
                      Change
                    </button>
                    <Action run={() => clear(row)}>
                      Clear<span class="unseen"> limits of {row.owner}</span>
                    </Action>
                  </span>
                ),
            },
          ]}
        />
      )}
      {edited === 'choose' && (
        <ChooseOwner
          scope={scope}
          owners={owners}
          onClose={() => setEdited(null)}
          onChosen={(owner) => setEdited(rows.find((row) => row.owner === owner) ?? { owner, limits: {} })}
        />
      )}
      {edited !== null && edited !== 'choose' && (
        <LimitsForm
          scope={scope}
          owner={edited.owner}
          limits={edited.limits}
          onClose={() => setEdited(null)}
          onDone={() => {
            setEdited(null);
            reload();
          }}
        />
      )}
    </Section>
  );
}

interface ChooseProps {
  readonly scope: LimitScope;
  readonly owners: string;
  onClose(): void;
  onChosen(owner: string): void;
}

function ChooseOwner({ scope, owners, onClose, onChosen }: ChooseProps): JSX.Element {
  const { data = [] } = usePolled<readonly { readonly name: string }[]>(owners);
  const [chosen, setChosen] = useState<string | null>(null);
  const owner = chosen ?? data[0]?.name ?? '';
  return (
    <Dialog title={`Limit a ${scope}`} onClose={onClose}>
      <Form verb="Next" submit={async () => onChosen(owner)} onCancel={onClose} isWrong={data.length === 0}>
        <ChoiceField
          label={scope === 'vhost' ? 'Vhost' : 'User'}
          value={owner}
          onChange={setChosen}
          options={data.map(({ name }) => [name, name] as const)}
        />
      </Form>
    </Dialog>
  );
}
