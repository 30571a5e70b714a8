/** Contracts: policies, parameters, limits. */
import { type Contracts, done, listing, made, one } from './operation-contract.js';
import {
  ANY,
  BOOLEAN,
  body,
  INTEGER,
  listOf,
  OBJECT,
  OPTIONAL_TEXT,
  only,
  type Schema,
  STRING,
  STRING_OR_NULL,
  TEXT,
  thing,
  WHOLE,
  YES_OR_NO,
} from './schema.js';

const POLICY: Schema = {
  ...thing({
    vhost: STRING,
    name: STRING,
    pattern: STRING,
    'apply-to': STRING,
    definition: OBJECT,
    priority: INTEGER,
  }),
  title: 'Policy',
};
const PARAMETER: Schema = {
  ...thing({ component: STRING, vhost: STRING, name: STRING, value: ANY }),
  title: 'Parameter',
};
const GLOBAL_PARAMETER: Schema = { ...thing({ name: STRING, value: ANY }), title: 'GlobalParameter' };
const VALUE = body({ value: { type: ['boolean', 'number', 'string', 'array', 'object'] } }, 'value');

function policies(path: string, what: string): Contracts {
  return {
    [`GET /api/${path}`]: listing(`All ${what}`, POLICY),
    [`GET /api/${path}/:vhost`]: listing(`A vhost's ${what}`, POLICY),
    [`GET /api/${path}/:vhost/:name`]: one(`One of the ${what}`, POLICY),
    [`PUT /api/${path}/:vhost/:name`]: made(
      `Sets one of the ${what}`,
      body({ pattern: TEXT, definition: OBJECT, priority: WHOLE, 'apply-to': OPTIONAL_TEXT }, 'pattern', 'definition'),
    ),
    [`DELETE /api/${path}/:vhost/:name`]: done(`Clears one of the ${what}`),
  };
}

const MET: Schema = {
  ...thing(
    {
      count: INTEGER,
      in_force: INTEGER,
      first: listOf(thing({ name: STRING, in_force: BOOLEAN, other: STRING_OR_NULL }, ['name', 'in_force', 'other'])),
    },
    ['count', 'in_force', 'first'],
  ),
  title: 'Met',
};

function limits(of: 'vhost' | 'user'): Contracts {
  const set = thing({ [of]: STRING, value: { type: 'object', additionalProperties: INTEGER } });
  return {
    [`GET /api/${of}-limits`]: listing(`Limits of ${of}s`, set),
    [`GET /api/${of}-limits/:owner`]: listing(`A ${of}'s limits`, set),
    [`PUT /api/${of}-limits/:owner/:limit`]: done(`Sets a limit of a ${of}`, { body: VALUE }),
    [`DELETE /api/${of}-limits/:owner/:limit`]: done(`Clears a limit of a ${of}`),
  };
}

export const RULES: Contracts = {
  ...policies('policies', 'policies'),
  ...policies('operator-policies', 'operator policies'),
  'POST /api/leveret/policies/:vhost/trial': {
    summary: 'Says which queues and exchanges a policy would meet, and where it would count',
    body: only(
      body(
        {
          pattern: TEXT,
          'apply-to': OPTIONAL_TEXT,
          priority: WHOLE,
          name: { ...OPTIONAL_TEXT, description: 'The policy of this name would be replaced.' },
          operator: { ...YES_OR_NO, description: 'Whether it would be one of operators.' },
        },
        'pattern',
      ),
    ),
    answers: { 200: thing({ queues: MET, exchanges: MET }, ['queues', 'exchanges']) },
  },
  ...limits('vhost'),
  ...limits('user'),
  'GET /api/parameters': listing('Parameters of vhosts', PARAMETER),
  'GET /api/parameters/:component': listing("A component's parameters", PARAMETER),
  'GET /api/parameters/:component/:vhost': listing("A component's parameters in a vhost", PARAMETER),
  'GET /api/parameters/:component/:vhost/:name': one('One parameter', PARAMETER),
  'PUT /api/parameters/:component/:vhost/:name': made('Sets a parameter', VALUE),
  'DELETE /api/parameters/:component/:vhost/:name': done('Clears a parameter'),
  'GET /api/global-parameters': listing('Global parameters', GLOBAL_PARAMETER),
  'GET /api/global-parameters/:name': one('One global parameter', GLOBAL_PARAMETER),
  'PUT /api/global-parameters/:name': made('Sets a global parameter', VALUE),
  'DELETE /api/global-parameters/:name': done('Clears a global parameter'),
};
