/**
 * All definitions at once, as RabbitMQ's files have them: exported from this thread's own view, sent while they are
 * written, and imported by the broker thread in portions: nobody waits for a long file.
 */
import { definitionsText } from '../../../broker/definitions-file/export.js';
import type { LimitScope, LimitSet } from '../../../broker/policies/limits.js';
import type { Policy, PolicyKind } from '../../../broker/policies/policies.js';
import { badRequest, HttpError } from '../../http/errors.js';
import { Form } from '../../http/forms.js';
import type { ListQuery } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { inChunks, StreamedJson } from '../../http/streaming.js';
import type { ManagedBroker } from '../base/managed-broker.js';

interface Query extends ListQuery {
  /** The file's name, where the answer is to be kept as one. */
  readonly download?: string;
}

export function definitionRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  // RabbitMQ answers a wrong name in one way to who asks, and in another to who imports.
  const existing = (params: unknown, status: 400 | 404): string | undefined => {
    const { vhost } = params as { readonly vhost?: string };
    if (vhost === undefined || broker.view.hasVhost(vhost)) return vhost;
    throw new HttpError(status, status === 404 ? 'not_found' : 'bad_request', 'vhost_not_found');
  };
  for (const path of ['/api/definitions', '/api/definitions/:vhost']) {
    route(path, {
      GET: {
        tag: 'administrator',
        handle: async ({ params, query }, reply) => {
          const { columns, download } = query as Query;
          const text = await exported(broker, existing(params, 400) ?? null, columns);
          if (download !== undefined)
            reply.header('content-disposition', `attachment; filename="${fileName(download)}"`);
          return new StreamedJson((turns) => inChunks(text, turns));
        },
      },
      POST: {
        tag: 'administrator',
        body: 'text',
        handle: async ({ params, body }, reply) => {
          const vhost = existing(params, 404);
          const isForm = body instanceof Form;
          const text = isForm ? await body.text('file') : String(body ?? '');
          if (text === undefined) throw badRequest("the form has no field 'file'");
          const outcome = await broker.administration.definitions.import(text, vhost);
          // What is wrong with the whole is told without a place.
          if (!outcome.ok) throw badRequest(outcome.reason.replace(/^is /, 'the body is '));
          const redirect = isForm ? await body.text('redirect') : undefined;
          if (redirect === undefined || !isOurs(redirect)) return reply.status(204).send();
          return reply.status(303).header('location', redirect).send();
        },
      },
    });
  }
}

/** Nobody is sent to another site. */
function isOurs(redirect: string): boolean {
  return /^(\.\.?\/)*[#\w][\w/#?=&.-]*$/.test(redirect);
}

function fileName(given: string): string {
  return given.replaceAll(/[^\w.@-]/g, '_').slice(0, 255);
}

/** What is set over what is declared is the coordinator's: it is asked for before. */
async function exported(
  { view, administration }: ManagedBroker,
  vhost: string | null,
  columns: string | undefined,
): Promise<Iterable<string>> {
  const vhosts = vhost === null ? view.vhosts() : [vhost];
  const users = vhost === null ? view.accounts.users().map(({ name }) => name) : [];
  const [policies, operatorPolicies, vhostLimits, userLimits, globalParameters] = await Promise.all([
    byName(vhosts, (name) => administration.policies('policy', name)),
    byName(vhosts, (name) => administration.policies('operator policy', name)),
    byName(vhosts, (name) => administration.limits('vhost', name)),
    byName(users, (name) => administration.limits('user', name)),
    administration.globalParameters(),
  ]);
  const policiesOf = { policy: policies, 'operator policy': operatorPolicies } satisfies Record<PolicyKind, unknown>;
  const limitsOf = { vhost: vhostLimits, user: userLimits } satisfies Record<LimitScope, unknown>;
  const wanted = columns === undefined || columns === '' ? null : new Set(columns.split(','));
  return definitionsText(
    {
      view,
      policies: { list: (kind, of): Policy[] => policiesOf[kind].get(of) ?? [] },
      limits: { of: (scope, of): LimitSet => limitsOf[scope].get(of) ?? {} },
      globalParameters: { list: () => globalParameters },
    },
    vhost,
    (name) => wanted === null || wanted.has(name),
  );
}

async function byName<T>(names: readonly string[], ask: (name: string) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await ask(name)] as const)));
}
