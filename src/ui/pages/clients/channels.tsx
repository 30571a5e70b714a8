/** The channels of all connections. */
import type { JSX } from 'preact';
import { pathOf } from '../../api/client.js';
import { href } from '../../api/route.js';
import { hasTag } from '../../api/session.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Empty, Page } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { useColumns } from '../../components/tables/columns.js';
import { Table } from '../../components/tables/table.js';
import { useVhost, VhostChoice } from '../../components/tables/vhost-choice.js';
import { channelColumns } from './channel-columns.js';
import type { Channel } from './rows.js';

const COLUMNS = channelColumns('of all');

export default function ChannelsPage({ account }: PageProps): JSX.Element {
  const vhost = useVhost();
  const { columns, choice } = useColumns('channels', COLUMNS);
  return (
    <Page title="Channels">
      <p class="soft">
        {hasTag(account, 'monitoring')
          ? 'What programs do within their connections.'
          : 'Those of your own connections: monitors see those of others.'}{' '}
        <Term name="channel">What a channel is</Term>
      </p>
      <Table<Channel>
        label="channels"
        path={vhost === '' ? '/api/channels' : pathOf('/api/vhosts', vhost, 'channels')}
        columns={columns}
        keyOf={({ name }) => name}
        open={({ name }) => href('channels', name)}
        tools={
          <>
            <VhostChoice />
            {choice}
          </>
        }
        empty={
          <Empty title="No program has opened a channel.">
            <p>
              Programs open one within their <a href={href('connections')}>connections</a> before they publish or
              consume.
            </p>
          </Empty>
        }
      />
    </Page>
  );
}
