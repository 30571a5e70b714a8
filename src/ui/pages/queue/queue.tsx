/** One queue: what is wrong with it, what passes it, what lies in it, and what can be done with it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, call, pathOf, withQuery } from '../../api/client.js';
import { useLive } from '../../api/live.js';
import { go } from '../../api/route.js';
import { FIRST_SPAN, type Span, spanQuery } from '../../components/charts/history.js';
import { confirmed } from '../../components/forms/dialog.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Action, Empty, Loading, Page, Trouble } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Tabs } from '../../components/page/tabs.js';
import { QueueFeatures } from '../../components/tables/queue-row.js';
import { count } from '../../text/format.js';
import { Bindings } from './bindings.js';
import { QueueCharts } from './charts.js';
import { Consumers } from './consumers.js';
import { Details } from './details.js';
import { Explanation } from './explanation.js';
import { Messages } from './messages.js';
import { Move } from './move.js';
import { Publish } from './publish.js';
import { Purge } from './purge.js';
import type { WholeQueue } from './whole-queue.js';

export default function QueuePage({ params }: PageProps): JSX.Element {
  const { vhost = '', name = '' } = params;
  const [span, setSpan] = useState<Span>(FIRST_SPAN);
  const path = pathOf('/api/queues', vhost, name);
  const events = withQuery(pathOf('/api/leveret/events/queues', vhost, name), { ...spanQuery(span), whole: true });
  const { data: queue, error, reload } = useLive<WholeQueue>(withQuery(path, spanQuery(span)), events);
  const above = <a href="#/queues">Queues</a>;
  if (error instanceof ApiError && error.status === 404)
    return (
      <Page title={name} above={above}>
        <Empty title={`There is no queue ${name} in the vhost ${vhost}.`}>
          <p>It was deleted, has expired, or went with its connection.</p>
        </Empty>
      </Page>
    );
  return (
    <Page
      title={name}
      above={above}
      actions={queue !== undefined && <QueueActions queue={queue} path={path} reload={reload} />}
    >
      {error !== null && <Trouble error={error} />}
      {queue === undefined ? (
        <Loading />
      ) : (
        <>
          <p class="row">
            <span class="soft">in the vhost {vhost}</span> <QueueFeatures queue={queue} />
          </p>
          <Tabs
            label="About this queue"
            tabs={[
              {
                name: 'state',
                label: 'How it is',
                draw: () => (
                  <>
                    <Explanation path={path} />
                    <QueueCharts queue={queue} span={span} choose={setSpan} />
                  </>
                ),
              },
              { name: 'messages', label: 'Messages', draw: () => <Messages path={path} /> },
              { name: 'bindings', label: 'Bindings', draw: () => <Bindings vhost={vhost} name={name} /> },
              {
                name: 'consumers',
                label: `Consumers (${count(queue.consumers ?? 0)})`,
                draw: () => <Consumers queue={queue} />,
              },
              { name: 'publish', label: 'Publish', draw: () => <Publish vhost={vhost} name={name} done={reload} /> },
              { name: 'move', label: 'Move', draw: () => <Move path={path} vhost={vhost} name={name} /> },
              { name: 'details', label: 'Details', draw: () => <Details queue={queue} /> },
            ]}
          />
        </>
      )}
    </Page>
  );
}

interface ActionsProps {
  readonly queue: WholeQueue;
  readonly path: string;
  reload(): void;
}

function QueueActions({ queue, path, reload }: ActionsProps): JSX.Element {
  const { name, state, messages_ready: ready = 0 } = queue;
  const isPaused = state === 'paused';
  const [isPurging, setPurging] = useState(false);
  const pause = async (): Promise<void> => {
    await call('PUT', `${path}/${isPaused ? 'resume' : 'pause'}`);
    tell(isPaused ? `queue ${name} goes on` : `queue ${name} gives out nothing`);
    reload();
  };
  const remove = async (): Promise<void> => {
    const text = `It goes with its bindings and messages (now ${count(queue.messages)}). This cannot be taken back.`;
    if (!(await confirmed({ title: `Delete ${name}?`, text, verb: 'Delete', isDestructive: true }))) return;
    await call('DELETE', path);
    tell(`queue ${name} is deleted`);
    go('/queues');
  };
  return (
    <>
      <Action run={pause}>{isPaused ? 'Resume' : 'Pause'}</Action>
      <button type="button" class="danger" onClick={() => setPurging(true)}>
        Purge
      </button>
      <Action run={remove} tone="danger">
        Delete
      </Action>
      {isPurging && (
        <Purge
          name={name}
          path={path}
          ready={ready}
          onClose={() => setPurging(false)}
          onDone={() => {
            setPurging(false);
            reload();
          }}
        />
      )}
    </>
  );
}
