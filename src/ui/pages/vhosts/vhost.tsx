/** One vhost: what is said of it, who may do what in it, its limits. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, pathOf, withQuery } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { go, href } from '../../api/route.js';
import { confirmed } from '../../components/forms/dialog.js';
import { type LimitSet, Limits } from '../../components/forms/limits.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Action, Badge, Empty, Fact, Facts, Loading, Page, Section, Trouble } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { PlainTable } from '../../components/tables/plain-table.js';
import { count, counted } from '../../text/format.js';
import { ChangeVhost } from './vhost-forms.js';
import { deleteVhost, saidOf, setVhost, VHOSTS, type Vhost } from './vhost-json.js';

interface Permission {
  readonly user: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

export default function VhostPage({ params, account }: PageProps): JSX.Element {
  const { vhost: name = '' } = params;
  const [isEdited, setEdited] = useState(false);
  const path = pathOf(VHOSTS, name);
  const { data: vhost, error, reload } = usePolled<Vhost>(path);
  const { data: permissions = [] } = usePolled<readonly Permission[]>(`${path}/permissions`);
  const limits = usePolled<readonly { readonly value: LimitSet }[]>(pathOf('/api/vhost-limits', name));
  return (
    <Page
      title={`Vhost ${name}`}
      above={<AdminNav account={account} at="/admin/vhosts" />}
      actions={
        vhost !== undefined && (
          <Action tone="danger" run={() => removed(vhost)}>
            Delete vhost
          </Action>
        )
      }
    >
      {error !== null && <Trouble error={error} />}
      {vhost === undefined && error === null && <Loading />}
      {vhost !== undefined && (
        <>
          <Section
            title={<Term name="vhost">What it is</Term>}
            actions={
              <span class="row">
                <Action run={() => traced(vhost, reload)}>{vhost.tracing ? 'Stop tracing' : 'Trace'}</Action>
                <button type="button" onClick={() => setEdited(true)}>
                  Change
                </button>
              </span>
            }
          >
            <What vhost={vhost} />
          </Section>
          <Rights permissions={permissions} name={name} />
          <Limits
            scope="vhost"
            owner={name}
            limits={limits.data?.[0]?.value ?? {}}
            mayChange
            onChange={limits.reload}
          />
          {isEdited && (
            <ChangeVhost
              vhost={vhost}
              onClose={() => setEdited(false)}
              onDone={() => {
                setEdited(false);
                reload();
              }}
            />
          )}
        </>
      )}
    </Page>
  );
}

function What({ vhost }: { vhost: Vhost }): JSX.Element {
  const { name, description, tags, default_queue_type: type, tracing, protected_from_deletion: kept } = vhost;
  return (
    <Facts>
      <Fact name="Description">{description || '–'}</Fact>
      <Fact name="Tags">{tags.join(', ') || '–'}</Fact>
      <Fact name="Default queue type">{type === 'undefined' ? 'as the broker has it' : type}</Fact>
      <Fact name="Tracing">{tracing ? <Badge tone="warn">on</Badge> : 'off'}</Fact>
      <Fact name="Deletion">{kept === true ? <Badge>protected</Badge> : 'allowed'}</Fact>
      <Fact name={<Term name="message">Messages</Term>}>{count(vhost.messages)}</Fact>
      <Fact name="To connect">
        <code>amqp://USER:PASSWORD@HOST/{encodeURIComponent(name)}</code>
      </Fact>
    </Facts>
  );
}

function Rights({ permissions, name }: { permissions: readonly Permission[]; name: string }): JSX.Element {
  const right = (text: string): JSX.Element => (text === '' ? <span class="soft">none</span> : <code>{text}</code>);
  return (
    <Section title={<Term name="permission">Who may do what</Term>}>
      {permissions.length === 0 ? (
        <Empty title={`No user may enter ${name}.`}>
          <p>
            Give rights on the page of <a href="#/admin/users">a user</a>.
          </p>
        </Empty>
      ) : (
        <PlainTable<Permission>
          label="Permissions by user"
          rows={permissions}
          keyOf={({ user }) => user}
          columns={[
            { label: 'User', cell: ({ user }) => <a href={href('admin', 'users', user)}>{user}</a> },
            { label: 'configure', cell: ({ configure }) => right(configure) },
            { label: 'write', cell: ({ write }) => right(write) },
            { label: 'read', cell: ({ read }) => right(read) },
          ]}
        />
      )}
    </Section>
  );
}

async function traced(vhost: Vhost, reload: () => void): Promise<void> {
  const tracing = !vhost.tracing;
  await setVhost(vhost.name, { ...saidOf(vhost), tracing });
  tell(tracing ? `Messages in ${vhost.name} are copied to amq.rabbitmq.trace` : `Tracing of ${vhost.name} has ended`);
  reload();
}

async function removed({ name }: Vhost): Promise<void> {
  const queues = await get<{ readonly total_count: number }>(
    withQuery(pathOf('/api/queues', name), { page: 1, page_size: 1, columns: 'name', disable_stats: true }),
  );
  const text = (
    <p>
      Its {counted(queues.total_count, 'queue')} with all messages, its exchanges, rights, policies and limits are lost.
      Who is connected to it is thrown out. This cannot be taken back.
    </p>
  );
  if (!(await confirmed({ title: `Delete vhost ${name}?`, text, verb: 'Delete vhost', isDestructive: true }))) return;
  await deleteVhost(name);
  tell(`Vhost ${name} deleted`);
  go(href('admin', 'vhosts'));
}
