/** What tools ask to find out what the broker can do; and what only a cluster would do. */
import { configurationUrl } from '../../../connection/tokens/provider.js';
import { HttpError } from '../../http/errors.js';
import { type JsonObject, type ListQuery, listed } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { IssuerSignIn, ManagedBroker } from '../base/managed-broker.js';

/** By name: what it stands for. What is listed here is there, and cannot be switched off. */
const FEATURES: Readonly<Record<string, string>> = {
  classic_queue_type_delivery_support: 'Bug fix for classic queue deliveries using mixed versions',
  direct_exchange_routing_v2: 'v2 direct exchange routing implementation',
  drop_unroutable_metric: 'Count unroutable publishes to be dropped in stats',
  empty_basic_get_metric: 'Count AMQP `basic.get` on empty queues in stats',
  implicit_default_bindings: 'Default bindings are now implicit, instead of being stored in the database',
  quorum_queue: 'Support queues of type `quorum`',
  user_limits: 'Configure connection and channel limits for a user',
  virtual_host_metadata: 'Virtual host metadata (description, tags, etc)',
};

export function featureRoutes({ route }: HttpServer, { issuerSignIn }: Pick<ManagedBroker, 'issuerSignIn'>): void {
  route('/api/extensions', { GET: { tag: 'management', handle: async () => [{ javascript: 'dispatcher.js' }] } });
  route('/api/auth', {
    GET: {
      tag: null,
      handle: async () => (issuerSignIn === null ? WITHOUT_OAUTH : authJson(issuerSignIn)),
    },
  });
  route('/api/feature-flags', {
    GET: {
      tag: 'administrator',
      handle: async ({ query }) => listed(Object.entries(FEATURES).map(featureJson), query as ListQuery),
    },
  });
  route('/api/feature-flags/:name/enable', {
    PUT: {
      tag: 'administrator',
      handle: async ({ params }, reply) => {
        const { name } = params as { readonly name: string };
        if (Object.hasOwn(FEATURES, name)) return reply.status(204).send();
        throw new HttpError(400, 'bad_request', `there is no feature '${name}' here`);
      },
    },
  });
  route('/api/deprecated-features', {
    GET: { tag: 'administrator', handle: async ({ query }) => listed([], query as ListQuery) },
  });
  route('/api/deprecated-features/used', {
    GET: { tag: 'administrator', handle: async ({ query }) => listed([], query as ListQuery) },
  });
  // All queues are led by the one node that there is.
  route('/api/rebalance/queues', {
    POST: { tag: 'administrator', handle: async (_request, reply) => reply.status(204).send() },
  });
}

const WITHOUT_OAUTH: JsonObject = { oauth_enabled: false, enable_uaa: false, uaa_client_id: '', uaa_location: '' };

/**
 * As RabbitMQ tells it: 3.12 has the issuer beside the client, 3.13 and 4 have it by resource server. What the broker
 * alone needs, which exchanges the code, is not told: the client's secret, and what is said where tokens are had.
 */
function authJson({ resource, setup }: IssuerSignIn): JsonObject {
  const { issuer } = setup.provider;
  const provider = { oauth_provider_url: issuer, oauth_metadata_url: configurationUrl(issuer) };
  return {
    oauth_enabled: true,
    oauth_disable_basic_auth: false,
    oauth_client_id: setup.clientId,
    oauth_scopes: setup.scopes.join(' '),
    oauth_authorization_endpoint_params: setup.authorizationParams,
    ...provider,
    oauth_resource_servers: { [resource]: { id: resource, ...provider } },
  };
}

function featureJson([name, desc]: readonly [string, string]): JsonObject {
  return { name, desc, doc_url: '', state: 'enabled', stability: 'stable', provided_by: 'leveret' };
}
