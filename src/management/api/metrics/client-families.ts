/** What is told of connections and channels, under RabbitMQ's names. */
import { ChannelCounter, Counter } from '../../../engine/engine.js';
import type { Client } from '../../clients/client.js';
import { type Family, type ObjectMetric, objectFamily } from './family.js';
import type { OpenChannel, Reading } from './reading.js';
import { differenceOf, TAKEN } from './taken.js';

const clients = (reading: Reading): Promise<readonly Client[]> => reading.clients();
const connectionLabels = ({ name }: Client): { readonly connection: string } => ({ connection: name });
const channels = (reading: Reading): Promise<readonly OpenChannel[]> => reading.channels();
/** As the HTTP API names it. */
const channelLabels = ({ client, channel }: OpenChannel): { readonly channel: string } => ({
  channel: `${client.name} (${channel.number})`,
});

const counter =
  (which: Counter) =>
  ({ broker: { engine } }: Reading): number =>
    engine.counted(which);

/** What a channel counts, and what all that ever were have: less others, which are parts of the first. */
function counted(
  name: string,
  help: string,
  ofChannel: ChannelCounter,
  ofAll: Counter,
  less: readonly (readonly [ChannelCounter, Counter])[] = [],
): ObjectMetric<OpenChannel> {
  const ofChannelLess = less.map(([one]) => one);
  const ofAllLess = less.map(([, one]) => one);
  return {
    name,
    type: 'counter',
    help,
    of: ({ channel: { counts } }) => differenceOf((one) => counts[one] ?? 0, ofChannel, ofChannelLess),
    total: ({ broker: { engine } }) => differenceOf((one) => engine.counted(one), ofAll, ofAllLess),
  };
}

export const CLIENT_FAMILIES: readonly Family[] = [
  objectFamily('connection_coarse_metrics', clients, connectionLabels, [
    {
      name: 'connection_incoming_bytes_total',
      type: 'counter',
      help: 'Total number of bytes received on a connection',
      of: ({ received }) => received,
      total: counter(Counter.OCTETS_IN),
    },
    {
      name: 'connection_outgoing_bytes_total',
      type: 'counter',
      help: 'Total number of bytes sent on a connection',
      of: ({ sent }) => sent,
      total: counter(Counter.OCTETS_OUT),
    },
  ]),
  objectFamily('connection_metrics', clients, connectionLabels, [
    {
      name: 'connection_incoming_packets_total',
      type: 'counter',
      help: 'Total number of packets received on a connection',
      of: ({ reads }) => reads,
    },
    {
      name: 'connection_outgoing_packets_total',
      type: 'counter',
      help: 'Total number of packets sent on a connection',
      of: ({ writes }) => writes,
    },
    {
      name: 'connection_pending_packets',
      type: 'gauge',
      help: 'Number of packets waiting to be sent on a connection',
      of: ({ unsent }) => unsent,
    },
    {
      name: 'connection_channels',
      type: 'gauge',
      help: 'Channels on a connection',
      of: (client) => client.channels,
    },
  ]),
  objectFamily('channel_metrics', channels, channelLabels, [
    {
      name: 'channel_consumers',
      type: 'gauge',
      help: 'Consumers on a channel',
      of: ({ channel }) => channel.consumers,
    },
    {
      name: 'channel_messages_unacked',
      type: 'gauge',
      help: 'Delivered but not yet acknowledged messages',
      of: ({ channel }) => channel.unacknowledged,
    },
    {
      name: 'channel_messages_unconfirmed',
      type: 'gauge',
      help: 'Published but not yet confirmed messages',
      of: ({ channel }) => channel.unconfirmed,
    },
    {
      name: 'channel_messages_uncommitted',
      type: 'gauge',
      help: 'Messages received in a transaction but not yet committed',
      of: ({ channel }) => channel.uncommitted,
    },
    {
      name: 'channel_acks_uncommitted',
      type: 'gauge',
      help: 'Message acknowledgements in a transaction not yet committed',
      of: ({ channel }) => channel.acksUncommitted,
    },
    {
      name: 'consumer_prefetch',
      type: 'gauge',
      help: 'Limit of unacknowledged messages for each consumer',
      of: ({ channel }) => channel.prefetch,
    },
    {
      name: 'channel_prefetch',
      type: 'gauge',
      help: 'Total limit of unacknowledged messages for all consumers on a channel',
      of: ({ channel }) => channel.globalPrefetch,
    },
  ]),
  objectFamily('channel_exchange_metrics', channels, channelLabels, [
    counted(
      'channel_messages_published_total',
      'Total number of messages published into an exchange on a channel',
      ChannelCounter.PUBLISHED,
      Counter.RECEIVED,
    ),
    counted(
      'channel_messages_confirmed_total',
      'Total number of messages published into an exchange and confirmed on the channel',
      ChannelCounter.CONFIRMED,
      Counter.CONFIRMED,
    ),
    counted(
      'channel_messages_unroutable_returned_total',
      'Total number of messages published as mandatory into an exchange and returned to the publisher as unroutable',
      ChannelCounter.RETURNED,
      Counter.RETURNED,
    ),
    counted(
      'channel_messages_unroutable_dropped_total',
      'Total number of messages published as non-mandatory into an exchange and dropped as unroutable',
      ChannelCounter.DROPPED,
      Counter.DROPPED,
    ),
  ]),
  objectFamily(
    'channel_queue_metrics',
    channels,
    channelLabels,
    TAKEN.map(({ name, help, counter, less = [] }) =>
      counted(
        `channel_${name}`,
        help,
        ChannelCounter[counter],
        Counter[counter],
        less.map((one) => [ChannelCounter[one], Counter[one]]),
      ),
    ),
  ),
];
