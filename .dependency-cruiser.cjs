/** The layers of ARCHITECTURE.md: imports go downwards only, and never in a circle. */
const layers = [
  'testing',
  'cli',
  'bench',
  'migrate',
  'perf',
  'client',
  'management',
  'node',
  'channel',
  'worker',
  'connection',
  'queues',
  'spans',
  'event-loop',
  'broker',
  'cluster',
  'store',
  'amqp',
  'engine',
  'log',
  'logging',
  'platform',
  'numbers',
];
/** The broker's folders: from what decides to what everybody may know. */
const brokerLayers = [
  'coordinator',
  'definitions-file',
  'definitions',
  'decisions',
  'events',
  'policies',
  'topology',
  'routing',
  'history',
  'arguments',
  'requests',
  'access',
];
/** What the HTTP API agrees on stands below what serves it. */
const managementLayers = ['api', 'page', 'live', 'signing-in', 'http', 'contract'];
/** The web page: from what starts it to what all its parts may know. */
const uiLayers = ['app', 'pages', 'graph', 'components', 'api', 'text'];
const apiLayers = ['definitions', 'metrics', 'cluster', 'node', 'topology', 'messages', 'clients', 'access', 'base'];
const perfLayers = ['report', 'load', 'measure'];
const coreLayers = ['exports', 'amqp', 'queue', 'log', 'memory', 'format'];
/** The rooms of a core's folders, and of its twin. */
const queueLayers = ['spill', 'rules', 'consumers', 'chain'];
const amqpLayers = ['receiving', 'delivering', 'connection'];
const twinLayers = ['amqp', 'spill', 'queues', 'log', 'memory'];

/** No layer of `folder` imports one that stands before it. */
function downwards(folder, names) {
  return names.slice(1).map((layer, i) => ({
    name: `${folder}-${layer}-imports-downwards`,
    severity: 'error',
    from: { path: `^${folder}/${layer}/` },
    to: { path: `^${folder}/(${names.slice(0, i + 1).join('|')})/` },
  }));
}

/** What lies in the rooms of `folder` does not import the files that put them together. */
function composed(folder) {
  return {
    name: `${folder}-is-put-together-from-above`,
    severity: 'error',
    from: { path: `^${folder}/[^/]+/` },
    to: { path: `^${folder}/[^/]+$` },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      severity: 'error',
      comment: 'A child may know the type of its parent; code may not run in circles.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'store-stands-beside-amqp',
      severity: 'error',
      comment: 'The log knows nothing of the protocol or of a core: it is given octets.',
      from: { path: '^src/store/' },
      to: { path: '^src/(amqp|engine)/' },
    },
    {
      name: 'workers-know-the-view',
      severity: 'error',
      comment: 'A worker asks the coordinator and applies its changes; it decides nothing about the topology.',
      from: { path: '^src/(connection|event-loop|worker)/' },
      to: { path: '^src/broker/(coordinator|definitions-file|definitions|decisions|policies)/' },
    },
    {
      name: 'streams-carry-octets',
      severity: 'error',
      comment: 'What a message means is of the records, which do not know what carries them.',
      from: { path: '^src/cluster/(stream|records)/' },
      to: { path: '^src/cluster/(?!$1/)' },
    },
    {
      name: 'the-protocol-is-pure',
      severity: 'error',
      comment: 'Simulations have the same code: time, chance, stream and store are given to it.',
      from: { path: '^src/cluster/protocol/' },
      to: { path: '^src/(?!cluster/(protocol|records|stream/[^/]+$)|platform/clock)|^node:' },
    },
    {
      name: 'a-replica-knows-no-stream',
      severity: 'error',
      comment: 'A node gives it what counts; how that came is not its affair.',
      from: { path: '^src/cluster/replica/' },
      to: { path: '^src/cluster/stream/' },
    },
    {
      name: 'nats-is-one-kind-of-stream',
      severity: 'error',
      comment: 'Only what opens a stream knows of which kind it is; the client of NATS is loaded there alone.',
      from: { path: '^src/(?!cluster/stream/nats/)' },
      to: { path: '^src/cluster/stream/nats/(?!nats-open|nats-asking|nats-telling)|@nats-io' },
    },
    {
      name: 'cluster-knows-no-protocol',
      severity: 'error',
      comment: 'What is replicated is octets of the log and of definitions.',
      from: { path: '^src/cluster/' },
      to: { path: '^src/(amqp|engine)/' },
    },
    {
      name: 'perf-knows-no-broker',
      severity: 'error',
      comment: 'The load is put on any broker: it knows the protocol and the system, and nothing of ours.',
      from: { path: '^src/(perf|client)/' },
      to: { path: '^src/(?!perf/|client/|amqp/|platform/|numbers/)' },
    },
    {
      name: 'the-page-knows-the-api-alone',
      severity: 'error',
      comment: 'It runs in browsers: nothing of the broker is there.',
      from: { path: '^src/ui/' },
      to: { path: '^src/(?!ui/)' },
    },
    {
      name: 'a-transport-does-not-open-itself',
      severity: 'error',
      comment: 'What comes before AMQP on a socket leads to a transport, and not the other way about.',
      from: { path: '^src/connection/transport/[^/]+$' },
      to: { path: '^src/connection/transport/opening/' },
    },
    {
      name: 'pages-do-not-meet',
      severity: 'error',
      comment: 'What two pages need is a component.',
      from: { path: '^src/ui/pages/([^/]+)/' },
      to: { path: '^src/ui/pages/', pathNot: '^src/ui/pages/$1/' },
    },
    ...downwards('src', layers),
    ...downwards('src/broker', brokerLayers),
    ...downwards('src/management', managementLayers),
    ...downwards('src/management/api', apiLayers),
    ...downwards('src/perf', perfLayers),
    ...downwards('src/ui', uiLayers),
    ...downwards('assembly', coreLayers),
    ...downwards('assembly/queue', queueLayers),
    ...downwards('assembly/amqp', amqpLayers),
    ...downwards('src/engine/js', twinLayers),
    ...['assembly/queue', 'assembly/amqp', 'src/engine/js'].map(composed),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
