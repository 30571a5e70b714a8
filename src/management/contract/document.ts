/**
 * The OpenAPI document (3.1) of the HTTP API, made of the contracts of its routes. What must hold: it says nothing that
 * is not in a contract or the same for all routes.
 */
import { type OperationContract, REFUSAL } from './operation-contract.js';
import type { Schema } from './schema.js';

/** A route as it is served. */
export interface ServedOperation {
  readonly method: string;
  /** `:name` stands for a part of the path. */
  readonly path: string;
  /** Null: everybody may call. */
  readonly tag: string | null;
  readonly contract: OperationContract;
}

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [part: string]: unknown;
}

type Plain = Readonly<Record<string, unknown>>;

/** What parts of paths are. */
const PARTS: Readonly<Record<string, string>> = {
  vhost: "A vhost's name; the standard one is `/`, written `%2F`.",
  name: 'A name, percent-encoded. The default exchange goes by `amq.default`.',
  user: "A user's name.",
  source: "The name of the exchange that messages come from; the default exchange's is `amq.default`.",
  destination: 'The name of the queue or exchange that messages go to.',
  properties: "A binding's `properties_key`.",
  owner: 'The name of whom limits are of.',
  limit: 'The name of a limit, as `max-connections`.',
  component: 'A component, as `vhost-limits`, `policy` or `operator_policy`.',
  node: "The node's name.",
  member: 'The name of a node of a cluster.',
  within: 'How many of the units.',
  unit: 'days, weeks, months or years.',
  port: 'A port.',
  protocol: 'A protocol, as `amqp`.',
};

/** What any route may answer, with a body that says why. */
const REFUSALS: Readonly<Record<string, string>> = {
  Wrong: 'The request is wrong; nothing was changed.',
  Foreign: 'A page of another site has sent it.',
  NotFound: 'That is not there.',
  TooLong: 'The body is too long.',
  Unavailable: 'Nothing can be said at the moment.',
};

/** Who shows nothing at all is asked for a password, without a body. */
const NOT_AUTHORISED = 'Nobody has called; or somebody who may not do that, who is told so as in other refusals.';

export function documentOf(operations: readonly ServedOperation[], version: string): Document {
  const components = new Map<string, Schema>();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, tag, contract } of operations) {
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    const operation = operationOf(method, path, tag, contract, components);
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: "Leveret's HTTP API",
      version,
      description: "RabbitMQ's HTTP API (its version is this document's), and what goes beyond it (`/api/leveret`).",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ password: [] }],
    paths,
    components: {
      securitySchemes: { password: { type: 'http', scheme: 'basic' } },
      responses: {
        NotAuthorised: { description: NOT_AUTHORISED },
        ...Object.fromEntries(
          Object.entries(REFUSALS).map(([name, description]) => [name, answerOf(description, REFUSAL, components)]),
        ),
      },
      schemas: Object.fromEntries(
        [...components].map(([name, schema]) => [name, resolved(schema, components, true)] as const),
      ),
    },
  };
}

function operationOf(
  method: string,
  path: string,
  tag: string | null,
  contract: OperationContract,
  components: Map<string, Schema>,
): Plain {
  const names = Array.from(path.matchAll(/:(\w+)/g), ([, name = '']) => name);
  const inPath = names.map((name) => ({
    name,
    in: 'path',
    required: true,
    description: PARTS[name] ?? '',
    schema: { type: 'string', minLength: 1 },
  }));
  const inQuery = Object.entries(contract.query ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description === undefined ? {} : { description }),
    schema: resolved(schema, components),
  }));
  const { body } = contract;
  return {
    operationId: operationId(method, path),
    summary: contract.summary,
    tags: [path.replace(/^\/api/, '').split('/')[1] ?? ''],
    ...(tag === null
      ? { security: [] }
      : { description: `For users with the tag \`${tag}\`, or one that has it in it.` }),
    parameters: [...inPath, ...inQuery],
    ...(body === undefined ? {} : { requestBody: requestBody(contract, body, components) }),
    responses: responsesOf(method, tag, contract, components),
  };
}

function requestBody(contract: OperationContract, body: Schema, components: Map<string, Schema>): Plain {
  const forms = { 'multipart/form-data': { schema: { type: 'object', properties: { file: { type: 'string' } } } } };
  return {
    required: body.required !== undefined,
    content: {
      'application/json': { schema: resolved(body, components) },
      ...(contract.takesForms === true ? forms : {}),
    },
  };
}

function responsesOf(
  method: string,
  tag: string | null,
  contract: OperationContract,
  components: Map<string, Schema>,
): Plain {
  const own = Object.entries(contract.answers).map(([status, schema]) => [
    status,
    answerOf(DESCRIPTIONS[status] ?? 'The answer.', schema, components, contract.contentType),
  ]);
  const changes = method !== 'GET';
  const others: readonly (readonly [string, string])[] = [
    ['400', 'Wrong'],
    ...(tag === null && contract.signsIn !== true ? [] : ([['401', 'NotAuthorised']] as const)),
    ...(changes ? ([['403', 'Foreign']] as const) : []),
    ['404', 'NotFound'],
    ...(changes ? ([['413', 'TooLong']] as const) : []),
    ['503', 'Unavailable'],
  ];
  const refusals = others.map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]);
  return { ...Object.fromEntries(refusals), ...Object.fromEntries(own) };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  200: 'The answer.',
  201: 'It was made.',
  204: 'It is done.',
  303: 'It is done; the form wants the browser to go on there.',
  412: 'It is protected from that.',
  503: 'It is not so.',
};

function answerOf(
  description: string,
  schema: Schema | null,
  components: Map<string, Schema>,
  contentType = 'application/json',
): Plain {
  if (schema === null) return { description };
  return { description, content: { [contentType]: { schema: resolved(schema, components) } } };
}

/** Schemas with a title become references to components, those within them, too. */
function resolved(schema: Schema, components: Map<string, Schema>, isComponent = false): Plain {
  const { title } = schema;
  if (title !== undefined && !isComponent) {
    const known = components.get(title);
    if (known === undefined) {
      components.set(title, schema);
      // What is within it is found before the components are written.
      resolved(schema, components, true);
    }
    return { $ref: `#/components/schemas/${title}` };
  }
  const { properties, items, anyOf, additionalProperties: others, ...rest } = schema;
  return {
    ...rest,
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((one) => resolved(one, components)) }),
    ...(items === undefined ? {} : { items: resolved(items, components) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, one]) => [name, resolved(one, components)]),
          ),
        }),
    ...(others === undefined
      ? {}
      : { additionalProperties: typeof others === 'boolean' ? others : resolved(others, components) }),
  };
}

function operationId(method: string, path: string): string {
  const words = path
    .split('/')
    .slice(2)
    .join('-')
    .replaceAll(/[^\w-]/g, '');
  return `${method.toLowerCase()}-${words}`;
}
