/** Contracts: who calls, users, what they may do. */
import { type Contracts, done, listing, made, one } from './operation-contract.js';
import {
  BOOLEAN,
  body,
  INTEGER,
  listOf,
  OBJECT,
  OPTIONAL_TEXT,
  optionalBody,
  STRING,
  STRING_OR_NULL,
  STRINGS,
  TAGS,
  TEXT,
  thing,
} from './schema.js';

const USER = {
  ...thing({
    name: STRING,
    password_hash: STRING,
    hashing_algorithm: STRING,
    tags: STRINGS,
    limits: OBJECT,
  }),
  title: 'User',
};
const RIGHT = { configure: STRING, write: STRING, read: STRING };
const PERMISSION = { ...thing({ user: STRING, vhost: STRING, ...RIGHT }), title: 'Permission' };
const TOPIC_PERMISSION = {
  ...thing({ user: STRING, vhost: STRING, exchange: STRING, write: STRING, read: STRING }),
  title: 'TopicPermission',
};

const ATTEMPTS = thing({
  protocol: STRING,
  auth_attempts: INTEGER,
  auth_attempts_failed: INTEGER,
  auth_attempts_succeeded: INTEGER,
});

/** To match one takes tens of milliseconds at worst. */
const PATTERNS_MAX = 8;
const MATCH = {
  ...thing({ pattern: STRING, error: STRING_OR_NULL, matches: { type: ['boolean', 'null'] } }, [
    'pattern',
    'error',
    'matches',
  ]),
  title: 'Match',
};

/** Who issues tokens, for whom people sign in there. */
const PROVIDER = { oauth_provider_url: STRING, oauth_metadata_url: STRING };

export const ACCESS: Contracts = {
  'GET /api/whoami': {
    summary: 'Who calls, with which tags',
    answers: { 200: thing({ name: STRING, tags: STRINGS }, ['name', 'tags']) },
  },
  'GET /api/leveret/session': {
    summary:
      'How one can sign in to the web page: whether by tokens, too, and at which issuer of them; and why the last ' +
      'sign-in there has failed',
    answers: {
      200: thing({ tokens: BOOLEAN, issuer: STRING_OR_NULL, trouble: STRING_OR_NULL }, ['tokens', 'issuer', 'trouble']),
    },
  },
  'POST /api/leveret/session': {
    summary: 'Signs in to the web page, by a password or a token: the answer has a cookie',
    body: optionalBody({ username: OPTIONAL_TEXT, password: OPTIONAL_TEXT, token: OPTIONAL_TEXT }),
    signsIn: true,
    answers: { 200: thing({ name: STRING, tags: STRINGS }, ['name', 'tags']) },
  },
  'DELETE /api/leveret/session': {
    summary: 'Signs out of the web page; where an issuer has signed somebody in: where the browser signs out there',
    answers: { 200: thing({ url: STRING }, ['url']), 204: null },
  },
  'POST /api/leveret/session/issuer': {
    summary: 'Begins a sign-in to the web page at the issuer of tokens: where the browser has to go',
    body: body({ page: TEXT }, 'page'),
    answers: { 200: thing({ url: STRING }, ['url']) },
  },
  'GET /api/auth/attempts/:node': {
    summary: 'How many logins there were, right and wrong, by protocol',
    answers: { 200: listOf(ATTEMPTS) },
  },
  'DELETE /api/auth/attempts/:node': done('Counts logins anew'),
  'GET /api/auth/attempts/:node/source': {
    summary: 'Nothing: logins are not kept by their sources',
    answers: { 200: listOf(ATTEMPTS) },
  },
  'DELETE /api/auth/attempts/:node/source': done('Does nothing: logins are not kept by their sources'),
  'GET /api/users': listing('All users', USER),
  'GET /api/users/without-permissions': listing('Users who may enter no vhost', USER),
  'POST /api/users/bulk-delete': done('Deletes users', { body: body({ users: STRINGS }, 'users') }),
  'GET /api/users/:user': one('One user', USER),
  'PUT /api/users/:user': made(
    'Makes a user, or changes one',
    body(
      {
        tags: { ...TAGS, 'x-refusal': 'tags_not_present' },
        password: OPTIONAL_TEXT,
        password_hash: { ...OPTIONAL_TEXT, description: 'In place of a password; empty: no password will do.' },
        hashing_algorithm: OPTIONAL_TEXT,
      },
      'tags',
    ),
  ),
  'DELETE /api/users/:user': done('Deletes a user'),
  'GET /api/users/:user/permissions': listing("A user's permissions", PERMISSION),
  'GET /api/users/:user/topic-permissions': listing("A user's topic permissions", TOPIC_PERMISSION),
  'GET /api/permissions': listing('All permissions', PERMISSION),
  'GET /api/permissions/:vhost/:user': one('What a user may do in a vhost', PERMISSION),
  'PUT /api/permissions/:vhost/:user': made(
    'Says what a user may do in a vhost',
    body({ configure: TEXT, write: TEXT, read: TEXT }, 'configure', 'write', 'read'),
  ),
  'DELETE /api/permissions/:vhost/:user': done('Shuts a user out of a vhost'),
  'GET /api/topic-permissions': listing('All topic permissions', TOPIC_PERMISSION),
  'GET /api/topic-permissions/:vhost/:user': listing("A user's topic permissions in a vhost", TOPIC_PERMISSION),
  'PUT /api/topic-permissions/:vhost/:user': made(
    "Says what a user may do with an exchange's routing keys",
    body({ exchange: TEXT, write: TEXT, read: TEXT }, 'exchange', 'write', 'read'),
  ),
  'DELETE /api/topic-permissions/:vhost/:user': done("Takes a user's topic permissions in a vhost away"),
  'GET /api/topic-permissions/:vhost/:user/:exchange': listing(
    "A user's topic permissions in a vhost, whatever the exchange",
    TOPIC_PERMISSION,
  ),
  'DELETE /api/topic-permissions/:vhost/:user/:exchange': done("Takes a user's topic permissions of an exchange away"),
  'POST /api/leveret/patterns': {
    summary: 'Says of expressions, as rights and policies have them, whether they match a name',
    body: body(
      {
        patterns: { ...STRINGS, maxItems: PATTERNS_MAX, description: `At most ${PATTERNS_MAX}.` },
        name: { ...OPTIONAL_TEXT, maxLength: 255 },
      },
      'patterns',
    ),
    answers: { 200: listOf(MATCH) },
  },
  'GET /api/vhosts/:vhost/permissions': listing('Who may do what in a vhost', PERMISSION),
  'GET /api/vhosts/:vhost/topic-permissions': listing("A vhost's topic permissions", TOPIC_PERMISSION),
  'GET /api/auth': {
    summary: 'How clients log in here: for who has no password yet',
    answers: {
      200: thing(
        {
          oauth_enabled: BOOLEAN,
          oauth_disable_basic_auth: BOOLEAN,
          oauth_client_id: STRING,
          oauth_scopes: STRING,
          oauth_authorization_endpoint_params: { type: 'object', additionalProperties: STRING },
          ...PROVIDER,
          oauth_resource_servers: { type: 'object', additionalProperties: thing({ id: STRING, ...PROVIDER }) },
          enable_uaa: BOOLEAN,
          uaa_client_id: STRING,
          uaa_location: STRING,
        },
        ['oauth_enabled'],
      ),
    },
  },
};
