/**
 * All definitions at once, as RabbitMQ's files have them: exported from this thread's own view, sent while they are
 * written, and imported by the broker thread in portions: nobody waits for a long file.
 */
import { definitionsText } from '../../../broker/definitions-file/export.js';
import { badRequest, HttpError } from '../../http/errors.js';
import { Form } from '../../http/forms.js';
import type { ListQuery } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { inChunks, StreamedJson } from '../../http/streaming.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { definedNow } from './defined.js';
import { previewOf } from './definitions-preview.js';

interface Query extends ListQuery {
  /** The file's name, where the answer is to be kept as one. */
  readonly download?: string;
  /** Whether an import is only to be told of. */
  readonly dry_run?: string;
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
        handle: async ({ params, query, body }, reply) => {
          const vhost = existing(params, 404);
          const isForm = body instanceof Form;
          const text = isForm ? await body.text('file') : String(body ?? '');
          if (text === undefined) throw badRequest("the form has no field 'file'");
          if ((query as Query).dry_run === 'true') return previewOf(broker, text, vhost);
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

async function exported(
  broker: ManagedBroker,
  vhost: string | null,
  columns: string | undefined,
): Promise<Iterable<string>> {
  const wanted = columns === undefined || columns === '' ? null : new Set(columns.split(','));
  const there = await definedNow(broker, vhost === null ? broker.view.vhosts() : [vhost], vhost === null);
  return definitionsText(there, vhost, (name) => wanted === null || wanted.has(name));
}
