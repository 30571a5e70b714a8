/** What a user may do, by vhost: three expressions, each tried on a name before it is set. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { confirmed, Dialog } from '../../components/forms/dialog.js';
import { TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { PatternTrial, useTrial } from '../../components/forms/pattern-trial.js';
import { Action, Empty, Section } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { PlainTable } from '../../components/tables/plain-table.js';
import { ALL_NAMES, clearPermission, NO_NAME, type Permission, RIGHTS, type Right, setPermission } from './access.js';
import { VhostField } from './vhost-field.js';

const HELP: Readonly<Record<Right, string>> = {
  configure: 'Queues and exchanges that the user may declare and delete.',
  write: 'Exchanges that the user may publish to, and queues that it may bind.',
  read: 'Queues that the user may take messages from, and exchanges that it may bind to.',
};

const EXAMPLES = [
  ['.*', 'all names'],
  ['', 'none'],
  ['^app\\.', 'names that begin with app.'],
  ['^(orders|bills)$', 'just these two'],
] as const;

interface PermissionsProps {
  readonly user: string;
  readonly permissions: readonly Permission[];
  readonly vhosts: readonly string[];
  onChange(): void;
}

export function Permissions({ user, permissions, vhosts, onChange }: PermissionsProps): JSX.Element {
  const [edited, setEdited] = useState<Permission | null>(null);
  const free = vhosts.filter((one) => !permissions.some(({ vhost }) => vhost === one));
  const fresh = { ...ALL_NAMES, user, vhost: free[0] ?? '' };
  const remove = async (permission: Permission): Promise<void> => {
    const text = (
      <p>
        {user} may not enter vhost {permission.vhost} any more. Who is connected to it stays so.
      </p>
    );
    if (!(await confirmed({ title: 'Take these rights away?', text, verb: 'Take away', isDestructive: true }))) return;
    await clearPermission(permission);
    tell(`${user} may not enter ${permission.vhost} any more`);
    onChange();
  };
  return (
    <Section
      title={<Term name="permission">Permissions</Term>}
      actions={
        free.length > 0 && (
          <button type="button" onClick={() => setEdited(fresh)}>
            Give rights in a vhost
          </button>
        )
      }
    >
      {permissions.length === 0 ? (
        <Empty title={`${user} may enter no vhost.`}>
          <p>A program that logs in as {user} is refused. Give it rights in the vhost that it is to use.</p>
        </Empty>
      ) : (
        <PlainTable<Permission>
          label="Permissions by vhost"
          rows={permissions}
          keyOf={({ vhost }) => vhost}
          columns={[
            { label: 'Vhost', cell: ({ vhost }) => vhost },
            ...RIGHTS.map((right) => ({
              label: right,
              cell: (row: Permission) => <Expression of={row[right]} />,
            })),
            {
              label: <span class="unseen">Change</span>,
              cell: (row) => (
                <span class="row">
                  <button type="button" aria-label={`Change rights in ${row.vhost}`} onClick={() => setEdited(row)}>
                    Change
                  </button>
                  <Action run={() => remove(row)}>
                    Remove<span class="unseen"> rights in {row.vhost}</span>
                  </Action>
                </span>
              ),
            },
          ]}
        />
      )}
      {edited !== null && (
        <PermissionForm
          given={edited}
          vhosts={edited === fresh || free.includes(edited.vhost) ? free : [edited.vhost]}
          onClose={() => setEdited(null)}
          onDone={() => {
            setEdited(null);
            onChange();
          }}
        />
      )}
    </Section>
  );
}

export function Expression({ of }: { of: string }): JSX.Element {
  return of === '' ? <span class="soft">none</span> : <code>{of}</code>;
}

interface FormProps {
  readonly given: Permission;
  readonly vhosts: readonly string[];
  onClose(): void;
  onDone(): void;
}

function PermissionForm({ given, vhosts, onClose, onDone }: FormProps): JSX.Element {
  const [permission, setOwn] = useState(given);
  const [name, setName] = useState('');
  const trial = useTrial(
    RIGHTS.map((right) => permission[right] || NO_NAME),
    name,
  );
  const submit = async (): Promise<void> => {
    await setPermission(permission);
    tell(`Rights of ${permission.user} in ${permission.vhost} set`);
    onDone();
  };
  return (
    <Dialog title={`What ${given.user} may do`} onClose={onClose} isWide>
      <Form
        verb="Save rights"
        submit={submit}
        onCancel={onClose}
        isWrong={trial.errors.some((error) => error !== undefined)}
      >
        <VhostField value={permission.vhost} vhosts={vhosts} onChange={(vhost) => setOwn({ ...permission, vhost })} />
        <Examples />
        <div class="fields">
          {RIGHTS.map((right, at) => (
            <TextField
              key={right}
              label={right[0]?.toUpperCase() + right.slice(1)}
              help={HELP[right]}
              value={permission[right]}
              error={trial.errors[at]}
              onInput={(text) => setOwn({ ...permission, [right]: text })}
            />
          ))}
        </div>
        <PatternTrial
          label="Try it on a name"
          help="The name of a queue or an exchange; the exchange without a name is amq.default."
          name={name}
          onName={setName}
          rights={RIGHTS.map((right) => `${right === 'write' ? 'write to' : right} it`)}
          trial={trial}
        />
      </Form>
    </Dialog>
  );
}

function Examples(): JSX.Element {
  return (
    <p class="field-help">
      Each right is a regular expression that may match anywhere in a name:{' '}
      {EXAMPLES.map(([pattern, meaning], at) => (
        <span key={pattern}>
          {at > 0 && ', '}
          {pattern === '' ? 'left empty' : <code>{pattern}</code>} is for {meaning}
        </span>
      ))}
      .
    </p>
  );
}
