/** Properties that brokers look at when a message is published: refused when they cannot be. */
import type { Properties } from '../../../src/amqp/properties.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const EXPIRATIONS = [
  '0',
  '1000',
  '60000',
  '00060000',
  '',
  ' 5',
  '5 ',
  '-1',
  '+5',
  '1.5',
  'abc',
  '1e3',
  '0x10',
  '315360000000',
  '315360000001',
  '99999999999999999999',
];

/** Publishes to a queue that does not exist, for it is the check that matters. */
async function publishedNowhere(stage: Stage, properties: Properties): Promise<void> {
  const channel = await stage.channel();
  await channel.quietly('confirm.select');
  channel.publish('', stage.name('nowhere'), 'message', { properties });
  await channel.outcomeOrFailure();
}

export const scenarios = [
  ...EXPIRATIONS.map((expiration) =>
    scenario(`expiration '${expiration}'`, (stage) => publishedNowhere(stage, { expiration })),
  ),

  ...['guest', 'somebody', ''].map((userId) =>
    scenario(`user-id '${userId}'`, (stage) => publishedNowhere(stage, { userId })),
  ),

  ...[1, 2].map((deliveryMode) =>
    scenario(`delivery mode ${deliveryMode}`, (stage) => publishedNowhere(stage, { deliveryMode })),
  ),
  ...[0, 3, 255].map((deliveryMode) =>
    scenario(`delivery mode ${deliveryMode}`, (stage) => publishedNowhere(stage, { deliveryMode }), {
      why: 'what is not 2 is transient; clients send 0',
      transcript: ['basic.ack 1'],
    }),
  ),

  scenario('a wrong user is found before a wrong expiration', async (stage) => {
    const channel = await stage.channel();
    const properties = { expiration: 'x', userId: 'somebody' };
    channel.publish('', stage.name('nowhere'), 'message', { properties });
    await channel.failure();
  }),

  scenario('a missing exchange is found before a wrong user', async (stage) => {
    const channel = await stage.channel();
    channel.publish(stage.name('missing'), 'k', 'message', { properties: { userId: 'somebody' } });
    await channel.failure();
  }),
];
