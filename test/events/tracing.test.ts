/** Whether a vhost is traced is kept with it; what nobody hears is not made. */
import { expect, it } from 'vitest';
import { Announcements } from '../../src/broker/events/announcements.js';
import type { BrokerEvent } from '../../src/broker/events/event.js';
import { tellOfChange } from '../../src/broker/events/topology-events.js';
import { EVENT_EXCHANGE, TRACE_EXCHANGE } from '../../src/broker/requests/names.js';
import type { Change } from '../../src/broker/requests/requests.js';
import { TopologyView } from '../../src/broker/topology/topology-view.js';
import { startEmbedded } from '../support/embedded.js';
import { cleanUp, directory } from '../support/kept-data.js';
import { RawClient } from '../support/raw-client.js';
import { Listener } from './listener.js';

cleanUp();

it('goes on tracing a vhost when it starts again', async () => {
  const data = directory();
  const first = await startEmbedded(data);
  await first.embedded.administration.describeVhost('/', { tracing: true });
  await first.embedded.administration.saved();
  await first.embedded.stop();
  const { embedded, broker } = await startEmbedded(data);
  const listener = await Listener.open(broker, TRACE_EXCHANGE);
  const client = await RawClient.open(broker);
  const channel = await client.openChannel();
  channel.publish('amq.topic', 'key', 'body');
  const [copy] = await listener.until('a copy', (heard) => heard.length > 0);
  expect([copy?.key, copy?.body.toString()]).toEqual(['publish.amq.topic', 'body']);
  await embedded.stop();
});

it('makes nothing of what happens while nothing is bound to the exchange of events', () => {
  const view = new TopologyView();
  const sent: BrokerEvent[] = [];
  const announcements = new Announcements(view, (event) => sent.push(event));
  const change: Change = { kind: 'user.deleted', user: 'guest' };
  tellOfChange(announcements, view, change);
  expect(sent).toEqual([]);
  view.exchange('/', EVENT_EXCHANGE)?.attach(
    {
      ...{ kind: 'bound', vhost: '/', source: EVENT_EXCHANGE, destination: 'amq.fanout', destinationKind: 'exchange' },
      ...{ routingKey: '#', arguments: new Map() },
    },
    view.exchange('/', 'amq.fanout') ?? expect.unreachable(),
  );
  tellOfChange(announcements, view, change);
  expect(sent.map(({ name }) => name)).toEqual(['user.deleted']);
});
