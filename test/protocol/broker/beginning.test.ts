/** Whom a broker lets in that starts for the first time, where that is not the guest. */
import { describe, expect, test } from 'vitest';
import { isReferee } from '../../support/broker.js';
import { type EmbeddedBroker, startEmbedded } from '../../support/embedded.js';
import { afterwards, cleanUp, directory } from '../../support/kept-data.js';
import { RawClient } from '../../support/raw-client.js';

cleanUp();

const BEGINNING = { user: 'ann', password: 'secret', vhost: 'hares' };
const ANN = { response: Buffer.from('\0ann\0secret'), virtualHost: 'hares' };

async function begun(data?: string, beginning: Partial<typeof BEGINNING> = BEGINNING): Promise<EmbeddedBroker> {
  const started = await startEmbedded(data, { beginning });
  afterwards(() => started.embedded.stop());
  return started;
}

async function isRefused({ broker }: EmbeddedBroker): Promise<void> {
  const guest = await RawClient.dial(broker);
  await expect(guest.startUp()).rejects.toThrow();
  expect(await guest.failure()).toMatchObject({ replyCode: 403 });
}

describe.skipIf(isReferee)('a broker that begins with a user of its own', () => {
  test('lets that user do everything in its vhost, and has no guest and no other vhost', async () => {
    const started = await begun();
    const client = await RawClient.open(started.broker, ANN);
    const channel = await client.openChannel();
    await channel.call('queue.declare', { queue: 'burrow' });
    await client.close();
    await isRefused(started);
    const { administration } = started.embedded;
    expect(await administration.vhosts()).toEqual(['hares']);
    expect(await administration.users.list()).toEqual([{ name: 'ann', tags: ['administrator'] }]);
  });

  test('keeps what administrators have made of that', async () => {
    const data = directory();
    const first = await begun(data);
    await first.embedded.administration.users.changePassword('ann', 'new');
    await first.embedded.administration.createVhost('others');
    await first.embedded.stop();
    const again = await begun(data, { user: 'bob', password: 'b', vhost: 'x' });
    await (await RawClient.open(again.broker, { ...ANN, response: Buffer.from('\0ann\0new') })).close();
    await isRefused(again);
    expect(await again.embedded.administration.vhosts()).toEqual(['hares', 'others']);
    expect((await again.embedded.administration.users.list()).map(({ name }) => name)).toEqual(['ann']);
  });

  test('can have another password for the guest alone', async () => {
    const started = await begun(undefined, { password: 'secret' });
    await (await RawClient.open(started.broker, { response: Buffer.from('\0guest\0secret') })).close();
    await isRefused(started);
  });
});
