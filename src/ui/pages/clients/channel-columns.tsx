/** Columns of lists of channels. */

import { Badge } from '../../components/page/parts.js';
import type { NamedColumn } from '../../components/tables/columns.js';
import { count, rate } from '../../text/format.js';
import { type Channel, rateOf } from './rows.js';
import { StateBadge } from './states.js';

/** What publishers are told. */
export function modeOf({ confirm, transactional }: Pick<Channel, 'confirm' | 'transactional'>): string {
  return confirm ? 'confirms' : transactional ? 'transactions' : '–';
}

/** Within one connection the channels' numbers say enough. */
export function channelColumns(where: 'of a connection' | 'of all'): readonly NamedColumn<Channel>[] {
  const isOfAll = where === 'of all';
  return [
    {
      label: isOfAll ? 'Channel' : 'Number',
      sort: isOfAll ? 'name' : 'number',
      ...(isOfAll ? { width: '26%' } : {}),
      cell: ({ name, number }) => (isOfAll ? <span title={name}>{name}</span> : `${number}`),
    },
    ...(isOfAll ? OF_ALL : []),
    ...COLUMNS,
  ];
}

const OF_ALL: readonly NamedColumn<Channel>[] = [
  { label: 'Vhost', sort: 'vhost', isExtra: true, cell: ({ vhost }) => vhost },
  { label: 'User', sort: 'user', isExtra: true, cell: ({ user }) => user },
];

const COLUMNS: readonly NamedColumn<Channel>[] = [
  {
    label: 'State',
    sort: 'idle_since',
    width: '6.5rem',
    cell: ({ state, idle_since: since }) =>
      since === undefined ? <StateBadge state={state} /> : <Badge>{state === 'running' ? 'idle' : state}</Badge>,
  },
  { label: 'Publishers get', sort: 'confirm', isExtra: true, cell: modeOf },
  { label: 'Consumers', sort: 'consumer_count', isNumber: true, cell: (row) => count(row.consumer_count) },
  {
    label: 'Prefetch',
    sort: 'prefetch_count',
    isNumber: true,
    isExtra: true,
    cell: ({ prefetch_count: each, global_prefetch_count: together }) =>
      [...(each > 0 ? [count(each)] : []), ...(together > 0 ? [`${count(together)} together`] : [])].join(', ') || '–',
  },
  {
    label: 'Unacknowledged',
    sort: 'messages_unacknowledged',
    isNumber: true,
    cell: (row) => count(row.messages_unacknowledged),
  },
  {
    label: 'Unconfirmed',
    sort: 'messages_unconfirmed',
    isNumber: true,
    isOff: true,
    cell: (row) => count(row.messages_unconfirmed),
  },
  {
    label: 'Published',
    sort: 'message_stats.publish_details.rate',
    isNumber: true,
    isExtra: true,
    cell: ({ message_stats: stats }) => rate(rateOf(stats, 'publish')),
  },
  {
    label: 'Confirmed',
    sort: 'message_stats.confirm_details.rate',
    isNumber: true,
    isOff: true,
    cell: ({ message_stats: stats }) => rate(rateOf(stats, 'confirm')),
  },
  {
    label: 'Unroutable',
    sort: 'message_stats.drop_unroutable',
    isNumber: true,
    isOff: true,
    cell: ({ message_stats: stats }) =>
      stats?.publish === undefined ? '–' : count((stats.return_unroutable ?? 0) + (stats.drop_unroutable ?? 0)),
  },
  {
    label: 'Delivered',
    sort: 'message_stats.deliver_get_details.rate',
    isNumber: true,
    isExtra: true,
    cell: ({ message_stats: stats }) => rate(rateOf(stats, 'deliver_get')),
  },
  {
    label: 'Acknowledged',
    sort: 'message_stats.ack_details.rate',
    isNumber: true,
    isExtra: true,
    cell: ({ message_stats: stats }) => rate(rateOf(stats, 'ack')),
  },
  {
    label: 'Redelivered',
    sort: 'message_stats.redeliver_details.rate',
    isNumber: true,
    isOff: true,
    cell: ({ message_stats: stats }) => rate(rateOf(stats, 'redeliver')),
  },
];
