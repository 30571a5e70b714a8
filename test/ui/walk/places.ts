/**
 * All places of the page: every page, the page of one of each thing, every tab. What each is called, who may see it, what
 * is there to be pressed, and what the API is asked for by that.
 */
import type { HttpAnswer, HttpApi } from '../../management/support/http-client.js';

/** From the least; none may not even sign in. */
export const TAGS = ['management', 'policymaker', 'monitoring', 'administrator'] as const;
export type Tag = (typeof TAGS)[number];

/** What the API is asked for by a control, so that nothing is changed that somebody looks at. */
type Ask = (api: HttpApi) => Promise<HttpAnswer>;
/** Nothing: it is of the page alone, or leads to another. */
const NOTHING = null;

/** What there is of whoever walks. */
export interface Own {
  /** As its program calls the connection. */
  readonly name: string;
  readonly connection: string;
  readonly channel: string;
  /** Another one that the list shows: it may be ended. */
  readonly spare: string;
}

export interface Place {
  /** As its pictures are called. */
  readonly name: string;
  readonly path: string;
  readonly heading: string | RegExp;
  /** Whoever has none of them is told so. */
  readonly tags: readonly Tag[];
  /** A text that is there once the API has answered. */
  readonly shows: string | RegExp;
  /** By what they say. Those that the API refuses to a tag are not there for it; all others are. */
  readonly controls?: Readonly<Record<string, Ask | null>>;
}

const ALL = TAGS;
const MONITORS: readonly Tag[] = ['monitoring', 'administrator'];
const MAKERS: readonly Tag[] = ['policymaker', 'administrator'];
const ADMINISTRATORS: readonly Tag[] = ['administrator'];

/** Nothing has this name: whoever may is told so, whoever may not is refused before. */
const ABSENT = 'not-there';
const QUEUE = `/queues/%2F/${ABSENT}`;
const part = encodeURIComponent;
export const RIGHTS = { configure: '.*', write: '.*', read: '.*' };
/** What is set before anybody walks: by a control it is set once more. */
export const SET = {
  exchange: { type: 'topic' },
  queue: { arguments: { 'x-max-length': 100_000 } },
  policy: { pattern: '^thumb', definition: { 'max-length': 1000 } },
  cap: { pattern: '^orders', definition: { 'max-length': 5000 } },
  vhost: { description: 'the other shop' },
} as const;

const publish: Ask = (api) =>
  api.post(`/exchanges/%2F/shop/publish`, {
    ...{ payload: 'x', payload_encoding: 'string', routing_key: 'none', properties: {} },
  });
const bind: Ask = (api) => api.post('/bindings/%2F/e/shop/q/orders', { routing_key: 'order.placed', arguments: {} });
const unbind: Ask = (api) => api.delete(`/bindings/%2F/e/shop/q/orders/${ABSENT}`);
const addPolicy: Ask = (api) => api.put('/policies/%2F/short', SET.policy);
const deletePolicy: Ask = (api) => api.delete(`/policies/%2F/${ABSENT}`);
const addCap: Ask = (api) => api.put('/operator-policies/%2F/cap', SET.cap);
const deleteCap: Ask = (api) => api.delete(`/operator-policies/%2F/${ABSENT}`);
const limitVhost: Ask = (api) => api.put('/vhost-limits/eu/max-queues', { value: 500 });
const limitUser: Ask = (api) => api.put('/user-limits/management/max-connections', { value: 500 });
const addUser: Ask = (api) => api.put('/users/none', { password: 'p', tags: '' });
const setRights: Ask = (api) => api.put('/permissions/%2F/none', RIGHTS);
const addVhost: Ask = (api) => api.put('/vhosts/eu', SET.vhost);

const ofQueue = {
  Pause: (api) => api.put(`${QUEUE}/pause`, {}),
  Purge: (api) => api.delete(`${QUEUE}/contents`),
  Delete: (api) => api.delete(QUEUE),
} satisfies Record<string, Ask>;
const ofGraph = { Larger: NOTHING, Smaller: NOTHING, 'Show all': NOTHING };

export function placesFor({ name: program, connection, channel, spare }: Own): readonly Place[] {
  const queueTab = (tab: string, shows: Place['shows'], controls: Place['controls'] = {}): Place => ({
    name: tab === '' ? 'queue' : `queue-${tab}`,
    path: `/queues/%2F/orders${tab === '' ? '' : `?tab=${tab}`}`,
    heading: 'orders',
    tags: ALL,
    shows,
    controls: { ...ofQueue, ...controls },
  });
  return [
    { name: 'overview', path: '/', heading: 'Overview', tags: ALL, shows: 'What there is' },
    {
      name: 'connections',
      path: '/connections',
      heading: 'Connections',
      tags: ALL,
      shows: connection,
      controls: { Columns: NOTHING, Close: (api) => api.delete(`/connections/${part(spare)}`) },
    },
    {
      name: 'connection',
      path: `/connections/${part(connection)}`,
      heading: program,
      tags: ALL,
      shows: 'Who and how',
      controls: { Close: (api) => api.delete(`/connections/${ABSENT}`) },
    },
    {
      name: 'channels',
      path: '/channels',
      heading: 'Channels',
      tags: ALL,
      shows: channel,
      controls: { Columns: NOTHING },
    },
    {
      name: 'consumers',
      path: '/consumers',
      heading: 'Consumers',
      tags: ALL,
      shows: `${program}-takes`,
      controls: { Columns: NOTHING },
    },
    { name: 'channel', path: `/channels/${part(channel)}`, heading: 'Channel 1', tags: ALL, shows: 'As it stands' },
    {
      name: 'exchanges',
      path: '/exchanges',
      heading: 'Exchanges',
      tags: ALL,
      shows: 'shop',
      controls: {
        Columns: NOTHING,
        'Add an exchange': (api) => api.put('/exchanges/%2F/shop', SET.exchange),
        Delete: (api) => api.delete(`/exchanges/%2F/${ABSENT}`),
      },
    },
    {
      name: 'exchange',
      path: '/exchanges/%2F/shop',
      heading: 'shop',
      tags: ALL,
      shows: 'order.placed',
      controls: {
        ...ofGraph,
        Delete: (api) => api.delete(`/exchanges/%2F/${ABSENT}`),
        Remove: unbind,
        Bind: bind,
        Publish: publish,
      },
    },
    {
      name: 'queues',
      path: '/queues',
      heading: 'Queues',
      tags: ALL,
      shows: 'thumbnails',
      controls: {
        ...ofQueue,
        Columns: NOTHING,
        'Add a queue': (api) => api.put('/queues/%2F/orders', SET.queue),
        Resume: (api) => api.put(`${QUEUE}/resume`, {}),
      },
    },
    queueTab('', 'Messages that wait'),
    queueTab('messages', 'Get, as a consumer does', {
      Look: (api) => api.get(`${QUEUE}/messages`),
      Get: (api) => api.post(`${QUEUE}/get`, { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' }),
    }),
    queueTab('bindings', 'order.placed', { 'Take away': unbind, Bind: bind }),
    queueTab('publish', 'Publish a message', { Publish: publish }),
    queueTab('move', 'Move or replay', { Move: (api) => api.post(`${QUEUE}/move`, { to: 'origin' }) }),
    queueTab('consumers', 'amq.ctag-'),
    queueTab('details', 'How it was declared'),
    { name: 'topology', path: '/topology', heading: 'Topology', tags: ALL, shows: 'order.placed', controls: ofGraph },
    { name: 'admin', path: '/admin', heading: 'Admin', tags: ALL, shows: 'Policies' },
    {
      name: 'users',
      path: '/admin/users',
      heading: 'Users',
      tags: ADMINISTRATORS,
      shows: 'guest',
      controls: { 'Add a user': addUser, Delete: (api) => api.delete(`/users/${ABSENT}`) },
    },
    {
      name: 'user',
      path: '/admin/users/monitoring',
      heading: 'User monitoring',
      tags: ADMINISTRATORS,
      shows: 'Who this is',
      controls: {
        'Delete user': (api) => api.delete(`/users/${ABSENT}`),
        'Change tags': addUser,
        'Change password': addUser,
        'Give rights in a vhost': setRights,
        'Change rights in /': setRights,
        'Remove rights in /': (api) => api.delete(`/permissions/%2F/${ABSENT}`),
        'Restrict routing keys': (api) =>
          api.put('/topic-permissions/%2F/none', { exchange: 'x', write: '', read: '' }),
        'Change limits': limitUser,
      },
    },
    {
      name: 'vhosts',
      path: '/admin/vhosts',
      heading: 'Vhosts',
      tags: ADMINISTRATORS,
      shows: 'the other shop',
      controls: { 'Add a vhost': addVhost, Delete: (api) => api.delete(`/vhosts/${ABSENT}`) },
    },
    {
      name: 'vhost',
      path: '/admin/vhosts/eu',
      heading: 'Vhost eu',
      tags: ADMINISTRATORS,
      shows: 'the other shop',
      controls: {
        'Delete vhost': (api) => api.delete(`/vhosts/${ABSENT}`),
        Trace: addVhost,
        Change: addVhost,
        'Change limits': limitVhost,
      },
    },
    {
      name: 'policies',
      path: '/admin/policies',
      heading: 'Policies',
      tags: ALL,
      shows: 'short',
      controls: {
        Policies: NOTHING,
        'Operator policies': NOTHING,
        'Add a policy': addPolicy,
        Delete: deletePolicy,
      },
    },
    {
      name: 'operator-policies',
      path: '/admin/policies?kind=operator',
      heading: 'Policies',
      tags: ALL,
      shows: 'cap',
      controls: {
        Policies: NOTHING,
        'Operator policies': NOTHING,
        'Add an operator policy': addCap,
        Delete: deleteCap,
      },
    },
    {
      name: 'policy',
      path: '/admin/policies/policies/%2F/short',
      heading: 'Policy short',
      tags: MAKERS,
      shows: 'What it sets',
      controls: { 'Delete policy': deletePolicy, 'Save policy': addPolicy, Cancel: NOTHING },
    },
    {
      name: 'policy-new',
      path: '/admin/policies/policies',
      heading: 'New policy',
      tags: MAKERS,
      shows: 'What it sets',
      controls: { 'Save policy': addPolicy, Cancel: NOTHING },
    },
    {
      name: 'operator-policy',
      path: '/admin/policies/operator-policies/%2F/cap',
      heading: 'Operator policy cap',
      tags: ADMINISTRATORS,
      shows: 'What it sets',
      controls: { 'Delete policy': deleteCap, 'Save policy': addCap, Cancel: NOTHING },
    },
    {
      name: 'limits',
      path: '/admin/limits',
      heading: 'Limits',
      tags: ALL,
      shows: 'at most 500',
      controls: {
        'Limit a vhost': limitVhost,
        'Limit a user': limitUser,
        'Change limits of eu': limitVhost,
        'Clear limits of eu': (api) => api.delete(`/vhost-limits/${ABSENT}/max-queues`),
        'Change limits of management': limitUser,
        'Clear limits of management': (api) => api.delete(`/user-limits/${ABSENT}/max-channels`),
      },
    },
    {
      name: 'definitions',
      path: '/admin/definitions',
      heading: 'Definitions',
      tags: ADMINISTRATORS,
      shows: 'File',
      controls: { Download: (api) => api.get('/definitions') },
    },
    { name: 'features', path: '/admin/features', heading: 'Features', tags: ADMINISTRATORS, shows: 'quorum_queue' },
    {
      name: 'log',
      path: '/log',
      heading: 'Log',
      tags: MONITORS,
      shows: /./,
      controls: { Pause: NOTHING, Download: NOTHING, Clear: NOTHING },
    },
    { name: 'health', path: '/health', heading: 'Health', tags: ALL, shows: 'All is well' },
  ];
}
