/**
 * The HTTP server of the management: what is the same for all routes. What must hold: nothing is answered without a
 * caller but what is open to all; bodies are bounded; a wrong method is 405, anything else that is not there 404; an
 * error of ours is a defect and is told as 500, without its details.
 */
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
  type RouteHandlerMethod,
} from 'fastify';
import { inWords } from '../../platform/fatal.js';
import { contractOf } from '../contract/contracts.js';
import type { ServedOperation } from '../contract/document.js';
import { type OperationContract, querySchema } from '../contract/operation-contract.js';
import type { Schema } from '../contract/schema.js';
import { type Caller, hasTag, PAGE_HEADER, type Tag } from './authentication.js';
import { callers } from './callers.js';
import { asHttpError, badRequest, HttpError, notAuthorised, notFound } from './errors.js';
import { Form } from './forms.js';
import { StreamedJson } from './streaming.js';
import { lazyValidator } from './validation.js';

/** The longest body (octets): a definitions file of a large broker is the largest. */
const BODY_MAX = 64 * 1024 * 1024;

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    body?: Operation['body'];
  }
}

/** What a route does for one method. */
export interface Operation {
  /** Who may call; null: everybody. */
  readonly tag: Tag | null;
  readonly handle: RouteHandlerMethod;
  /** What the handler gets of a body that is no form: what its JSON says (the default), or its text. */
  readonly body?: 'text';
}

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';
const METHODS: readonly Method[] = ['GET', 'PUT', 'POST', 'DELETE'];
/** No path has them. */
const USELESS: readonly HTTPMethods[] = ['PATCH', 'TRACE'];

export interface HttpServer {
  readonly app: FastifyInstance;
  /** All that is served, in the order in which it was added. */
  readonly operations: readonly ServedOperation[];
  route(path: string, operations: Partial<Record<Method, Operation>>): void;
}

type Report = (line: string) => void;

/**
 * `authenticate` says who calls, or throws; `report` takes lines on defects for the operator; `otherwise` is the answer
 * where there is no route.
 */
export function createServer(
  authenticate: (request: FastifyRequest) => Promise<Caller>,
  report: Report,
  otherwise: () => HttpError | Promise<HttpError> = notFound,
): HttpServer {
  const app = fastify({
    bodyLimit: BODY_MAX,
    routerOptions: { maxParamLength: 3 * 255, ignoreTrailingSlash: true },
    exposeHeadRoutes: true,
    frameworkErrors: (error, _request, reply) => answerError(ofFastify(error), reply),
  });
  app.setValidatorCompiler(({ schema, httpPart }) => lazyValidator(schema as Schema, httpPart ?? ''));
  app.removeAllContentTypeParsers();
  // Tools send JSON under all kinds of names, and under none.
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    if (request.routeOptions.config.body === 'text') {
      done(null, body);
      return;
    }
    try {
      done(null, body === '' ? {} : (JSON.parse(body as string) as unknown));
    } catch {
      done(badRequest('not_json'));
    }
  });
  app.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      if (request.routeOptions.config.body !== 'text') throw badRequest('not_json');
      return Form.read(request.headers['content-type'] ?? '', body);
    },
  );
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const known = asHttpError(error) ?? ofFastify(error);
    if (known === null) reportDefect(request, `was answered by 500: ${inWords(error).stack}`, report);
    answerError(known, reply);
  });
  app.setNotFoundHandler(async (_request, reply) => {
    answerError(await otherwise(), reply);
    return reply;
  });
  const served: ServedOperation[] = [];
  return {
    app,
    operations: served,
    route: (path, operations) => served.push(...addRoute(app, path, operations, authenticate, report)),
  };
}

const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
  vary: 'accept, accept-encoding, origin',
};

function addRoute(
  app: FastifyInstance,
  url: string,
  operations: Partial<Record<Method, Operation>>,
  authenticate: (request: FastifyRequest) => Promise<Caller>,
  report: Report,
): ServedOperation[] {
  const allowed: HTTPMethods[] = [];
  const served: ServedOperation[] = [];
  for (const method of METHODS) {
    const operation = operations[method];
    if (operation === undefined) continue;
    allowed.push(...(method === 'GET' ? (['HEAD', 'GET'] as const) : [method]));
    const { tag, handle, body } = operation;
    const admit = async (request: FastifyRequest): Promise<void> => {
      refuseForeign(request);
      if (tag === null) return;
      request.caller = await authenticate(request);
      if (!hasTag(request.caller, tag)) throw notAuthorised(`Not ${NAMES[tag]} user`);
    };
    const contract = contractOf(method, url);
    served.push({ method, path: url, tag, contract });
    const schema = {
      querystring: querySchema(method, url, contract),
      ...bodySchema(operation, contract),
    };
    const handler: RouteHandlerMethod = async function (request, reply) {
      // A route that is open to all has no caller.
      const user = tag === null ? '' : request.caller.user;
      const answer: unknown = await callers.run(user, () => handle.call(this, request, reply));
      return answer instanceof StreamedJson ? sent(answer, request, reply, report) : answer;
    };
    app.route({ method, url, onRequest: admit, handler, config: { body }, schema });
  }
  const allow = [...allowed, 'OPTIONS'].join(', ');
  app.route({ method: 'OPTIONS', url, handler: (_request, reply) => reply.header('allow', allow).send() });
  const others = [...METHODS.filter((method) => operations[method] === undefined), ...USELESS];
  const refuse: RouteHandlerMethod = (_request, reply) => reply.status(405).header('allow', allow).send();
  app.route({ method: others, url, handler: refuse, exposeHeadRoute: false });
  return served;
}

/** Nothing is made for who asks for the head alone. */
function sent(answer: StreamedJson, request: FastifyRequest, reply: FastifyReply, report: Report): FastifyReply {
  reply.type('application/json; charset=utf-8');
  if (request.method === 'HEAD') return reply.send('');
  return reply.send(answer.open((error) => reportDefect(request, `broke off: ${inWords(error).stack}`, report)));
}

function reportDefect({ method, routeOptions: { url } }: FastifyRequest, what: string, report: Report): void {
  report(`${method} ${url} ${what}`);
}

/** What a handler gets as a text it checks itself. */
function bodySchema(operation: Operation, { body }: OperationContract): { readonly body?: Schema } {
  return body === undefined || operation.body === 'text' ? {} : { body };
}

/** In RabbitMQ's words. */
const NAMES: Readonly<Record<Tag, string>> = {
  management: 'management',
  policymaker: 'policymaker',
  monitoring: 'monitor',
  administrator: 'administrator',
};

/** A page of another site cannot make a browser that knows a password change something. */
function refuseForeign({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return;
  const isForeign =
    headers['sec-fetch-site'] === 'cross-site' ||
    (headers.origin !== undefined && !isOrigin(headers.origin, headers.host));
  if (isForeign) throw new HttpError(403, 'forbidden', 'requests of pages of other sites change nothing here');
}

function isOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Null: a defect. */
function answerError(known: HttpError | null, reply: FastifyReply): void {
  if (known === null) {
    reply.status(500).send({ error: 'internal_error', reason: 'a defect of the broker: its log says more' });
    return;
  }
  reply.status(known.status).headers(headersOf(known, reply));
  reply.send(known.error === '' ? undefined : { error: known.error, reason: known.message });
}

/** The page asks for a password itself: a browser that is told of HTTP Basic would ask beside it. */
function headersOf({ headers }: HttpError, { request }: FastifyReply): Readonly<Record<string, string>> {
  if (request.headers[PAGE_HEADER] === undefined) return headers;
  const { 'www-authenticate': _, ...others } = headers;
  return others;
}

/** What the framework refuses by itself: a body that is too long, a request that is none. */
function ofFastify(error: unknown): HttpError | null {
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode !== 'number' || statusCode >= 500) return null;
  return new HttpError(statusCode, 'bad_request', String(message));
}
