/** What a user may do in topic exchanges, by routing key. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { pathOf } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { Dialog } from '../../components/forms/dialog.js';
import { TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { PatternTrial, useTrial } from '../../components/forms/pattern-trial.js';
import { Action, Empty, Section } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { PlainTable } from '../../components/tables/plain-table.js';
import { clearTopicPermission, NO_NAME, setTopicPermission, type TopicPermission } from './access.js';
import { Expression } from './permissions.js';
import { VhostField } from './vhost-field.js';

interface TopicPermissionsProps {
  readonly user: string;
  readonly permissions: readonly TopicPermission[];
  /** Those that the user may enter. */
  readonly vhosts: readonly string[];
  onChange(): void;
}

export function TopicPermissions({ user, permissions, vhosts, onChange }: TopicPermissionsProps): JSX.Element {
  const [edited, setEdited] = useState<TopicPermission | null>(null);
  const fresh = { user, vhost: vhosts[0] ?? '', exchange: '', write: '.*', read: '.*' };
  const remove = async (permission: TopicPermission): Promise<void> => {
    await clearTopicPermission(permission);
    tell(`${user} may use all routing keys of ${permission.exchange} again`);
    onChange();
  };
  return (
    <Section
      title={<Term name="topic permission">Topic permissions</Term>}
      actions={
        vhosts.length > 0 && (
          <button type="button" onClick={() => setEdited(fresh)}>
            Restrict routing keys
          </button>
        )
      }
    >
      {permissions.length === 0 ? (
        <Empty title="All routing keys are allowed.">
          <p>For an exchange of the type topic they can be restricted to those that fit an expression.</p>
        </Empty>
      ) : (
        <PlainTable<TopicPermission>
          label="Topic permissions"
          rows={permissions}
          keyOf={({ vhost, exchange }) => `${vhost}\0${exchange}`}
          columns={[
            { label: 'Vhost', cell: ({ vhost }) => vhost },
            { label: 'Exchange', cell: ({ exchange }) => exchange || '(without a name)' },
            { label: 'write', cell: ({ write }) => <Expression of={write} /> },
            { label: 'read', cell: ({ read }) => <Expression of={read} /> },
            {
              label: <span class="unseen">Change</span>,
              cell: (row) => (
                <span class="row">
                  <button
                    type="button"
                    aria-label={`Change routing keys of ${row.exchange} in ${row.vhost}`}
                    onClick={() => setEdited(row)}
                  >
                    Change
                  </button>
                  <Action run={() => remove(row)}>
                    Remove
                    <span class="unseen">
                      {' '}
                      what restricts {row.exchange} in {row.vhost}
                    </span>
                  </Action>
                </span>
              ),
            },
          ]}
        />
      )}
      {edited !== null && (
        <TopicForm
          given={edited}
          vhosts={edited.exchange === '' ? vhosts : [edited.vhost]}
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

interface FormProps {
  readonly given: TopicPermission;
  readonly vhosts: readonly string[];
  onClose(): void;
  onDone(): void;
}

function TopicForm({ given, vhosts, onClose, onDone }: FormProps): JSX.Element {
  const [permission, setOwn] = useState(given);
  const [key, setKey] = useState('');
  const { vhost, exchange, write, read } = permission;
  const { data: exchanges = [] } = usePolled<readonly { readonly name: string; readonly type: string }[]>(
    `${pathOf('/api/exchanges', vhost)}?columns=name,type&disable_stats=true`,
  );
  const trial = useTrial(
    [write, read].map((text) => filledIn(text, permission)),
    key,
  );
  const topics = exchanges.filter(({ type }) => type === 'topic').map(({ name }) => name);
  const submit = async (): Promise<void> => {
    await setTopicPermission(permission);
    tell(`Routing keys of ${exchange} restricted for ${given.user}`);
    onDone();
  };
  return (
    <Dialog title={`Routing keys that ${given.user} may use`} onClose={onClose} isWide>
      <Form verb="Save" submit={submit} onCancel={onClose} isWrong={trial.errors.some((error) => error !== undefined)}>
        <VhostField value={vhost} vhosts={vhosts} onChange={(next) => setOwn({ ...permission, vhost: next })} />
        <TextField
          label="Exchange"
          help="Of the type topic; it need not be there yet."
          value={exchange}
          suggestions={topics}
          isRequired
          onInput={(text) => setOwn({ ...permission, exchange: text })}
        />
        <p class="field-help">
          Both are regular expressions on the routing key. In them <code>{'{username}'}</code> and{' '}
          <code>{'{vhost}'}</code> stand for the user and the vhost.
        </p>
        <div class="fields">
          <TextField
            label="Write"
            help="Keys that the user may publish with."
            value={write}
            error={trial.errors[0]}
            onInput={(text) => setOwn({ ...permission, write: text })}
          />
          <TextField
            label="Read"
            help="Keys that the user may bind by: who may bind by # reads everything."
            value={read}
            error={trial.errors[1]}
            onInput={(text) => setOwn({ ...permission, read: text })}
          />
        </div>
        <PatternTrial
          label="Try it on a routing key"
          help="Such as orders.new.eu."
          name={key}
          onName={setKey}
          rights={['publish with it', 'bind by it']}
          trial={trial}
        />
      </Form>
    </Dialog>
  );
}

/** As the broker reads it: an empty one is for the empty key alone; of the user and the vhost each letter stands for itself. */
function filledIn(pattern: string, { user, vhost }: TopicPermission): string {
  const literally = (text: string): string => text.replaceAll(/[^A-Za-z0-9\u0080-\uffff]/g, '\\$&');
  if (pattern === '') return NO_NAME;
  return pattern.replaceAll('{username}', () => literally(user)).replaceAll('{vhost}', () => literally(vhost));
}
