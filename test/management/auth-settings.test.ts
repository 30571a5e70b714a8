/** What tools without a login are told of how people sign in: RabbitMQ's fields, and no secret. */
import { expect, onTestFinished, test } from 'vitest';
import type { BrokerOptions } from '../../src/index.js';
import { startEmbedded } from '../support/embedded.js';

async function told(options: BrokerOptions): Promise<unknown> {
  const { embedded } = await startEmbedded(undefined, {
    ...options,
    log: null,
    management: { host: '127.0.0.1', port: 0 },
  });
  onTestFinished(() => embedded.stop());
  return (await fetch(`http://127.0.0.1:${embedded.management?.port}/api/auth`)).json();
}

// Nobody answers there: what is told is what was set.
const ISSUER = 'http://127.0.0.1:1/realms/main';

test('where people sign in at an issuer, tools are told who it is, by which client and for which scopes', async () => {
  const settings = await told({
    oauth: {
      resourceServerId: 'rabbitmq',
      issuer: ISSUER,
      clientId: 'page',
      clientSecret: 'hush',
      scopes: ['openid', 'rabbitmq.tag:monitoring'],
      authorizationEndpointParams: { audience: 'rabbitmq' },
      tokenEndpointParams: { resource: 'hush, too' },
    },
  });
  const provider = {
    oauth_provider_url: ISSUER,
    oauth_metadata_url: `${ISSUER}/.well-known/openid-configuration`,
  };
  expect(settings).toEqual({
    oauth_enabled: true,
    oauth_disable_basic_auth: false,
    oauth_client_id: 'page',
    oauth_scopes: 'openid rabbitmq.tag:monitoring',
    oauth_authorization_endpoint_params: { audience: 'rabbitmq' },
    ...provider,
    oauth_resource_servers: { rabbitmq: { id: 'rabbitmq', ...provider } },
  });
});

test('where tokens are taken, and nobody signs in for one, there is nothing to tell', async () => {
  expect(await told({ oauth: { resourceServerId: 'rabbitmq', issuer: ISSUER } })).toMatchObject({
    oauth_enabled: false,
  });
});
