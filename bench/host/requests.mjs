/**
 * How long the coordinator, and a worker's view of the topology, stand still for the longest requests: no sockets, a
 * core that does nothing. Times in ms; `portions` is how many pieces a request was cut into, and `longest` how long one
 * held everybody up. Prints one table.
 */
import { performance } from 'node:perf_hooks';
import { Coordinator } from '../../dist/broker/coordinator/coordinator.js';
import { TopologyView } from '../../dist/broker/topology/topology-view.js';
import { formatTable } from '../support/table.mjs';

const QUEUES = Number(process.argv[2] ?? 50_000);
const EXCLUSIVE = QUEUES / 5;
const NONE = new Map();

/** A core for which nothing takes time. */
function idleCore() {
  let last = 0;
  const nothing = () => 0;
  return {
    createQueue: () => ++last,
    setFeatures: () => true,
    setAside: () => true,
    setLogId: nothing,
    lastGet: nothing,
    readyCount: nothing,
    purge: nothing,
    retireQueue: nothing,
    freeQueue: nothing,
  };
}

/** @type {string[][]} */
const rows = [];
const view = new TopologyView(['/', 'large']);
let epoch = 0;
/** @type {number[]} */
let applied = [];
const coordinator = new Coordinator(/** @type {never} */ (idleCore()), {
  workers: 1,
  vhosts: ['/', 'large'],
  notify: () => {},
  post: (changes) => {
    const begun = performance.now();
    for (const change of changes) view.apply(change);
    applied.push(performance.now() - begun);
    epoch += 1;
    return epoch;
  },
});

for (const vhost of ['/', 'large'])
  ask({ op: 'connection.open', vhost, user: 'guest', name: null }, vhost === '/' ? 1 : 2);
declare('large', QUEUES, 2, false);
await measure(`a policy for ${QUEUES} queues`, () =>
  coordinator.administration.setPolicy('policy', {
    vhost: 'large',
    name: 'p',
    pattern: '',
    definition: { 'max-length': 10 },
  }),
);
await measure(`a vhost with ${QUEUES} queues deleted`, () => coordinator.administration.deleteVhost('large'));
declare('/', EXCLUSIVE, 1, true);
await measure(`a connection with ${EXCLUSIVE} exclusive queues gone`, () => ask({ op: 'disconnect' }, 1));
for (const type of ['topic', 'x-consistent-hash', 'x-random']) {
  ask({ op: 'connection.open', vhost: '/', user: 'guest', name: null }, 1);
  ask(
    {
      op: 'exchange.declare',
      vhost: '/',
      exchange: 'x',
      type,
      passive: false,
      durable: false,
      autoDelete: false,
      internal: false,
      arguments: NONE,
    },
    1,
  );
  declare('/', EXCLUSIVE, 1, true);
  for (let queue = 0; queue < EXCLUSIVE; queue++) {
    ask({ op: 'queue.bind', vhost: '/', queue: `q${queue}`, exchange: 'x', routingKey: '1', arguments: NONE }, 1);
  }
  await measure(`${type}, ${EXCLUSIVE} queues bound, deleted`, () =>
    ask({ op: 'exchange.delete', vhost: '/', exchange: 'x', ifUnused: false }, 1),
  );
  ask({ op: 'disconnect' }, 1);
  await settled();
}
console.log(
  formatTable(
    [
      { title: 'request', align: 'left' },
      { title: 'ms' },
      { title: 'portions' },
      { title: 'longest ms' },
      { title: 'longest in a worker, ms' },
    ],
    rows,
  ),
);

/** @param {string} vhost @param {number} count @param {number} connection @param {boolean} exclusive */
function declare(vhost, count, connection, exclusive) {
  for (let queue = 0; queue < count; queue++) {
    ask(
      {
        op: 'queue.declare',
        vhost,
        queue: `q${queue}`,
        passive: false,
        durable: false,
        exclusive,
        autoDelete: false,
        arguments: NONE,
      },
      connection,
    );
  }
}

/** @param {object} request @param {number} connection */
function ask(request, connection) {
  return coordinator.handle(connection, /** @type {never} */ (request));
}

/** Waits until nothing is under way any more. */
async function settled() {
  await coordinator.administration.saved();
}

/** @param {string} what @param {() => unknown} request */
async function measure(what, request) {
  applied = [];
  let longest = 0;
  let last = performance.now();
  let isDone = false;
  const begun = last;
  const watch = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isDone) setImmediate(watch);
  };
  setImmediate(watch);
  await request();
  await settled();
  isDone = true;
  watch();
  rows.push([
    what,
    (performance.now() - begun).toFixed(0),
    `${applied.length}`,
    longest.toFixed(1),
    Math.max(
      0,
      applied.reduce((a, b) => Math.max(a, b), 0),
    ).toFixed(1),
  ]);
}
