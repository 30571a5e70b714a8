/** The layers of ARCHITECTURE.md: imports go downwards only, and never in a circle. */
const layers = ['cli', 'server', 'broker', 'store', 'amqp', 'engine', 'log'];
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
    ...layers.slice(1).map((layer, i) => ({
      name: `${layer}-imports-downwards`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: `^src/(${layers.slice(0, i + 1).join('|')})/` },
    })),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
