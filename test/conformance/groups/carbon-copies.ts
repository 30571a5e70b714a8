/** The headers CC and BCC: more routing keys for one message. */
import { type FieldValue, fieldValue } from '../../../src/amqp/table.js';
import { rewording, scenario } from '../scenario.js';

function keys(...all: readonly string[]): FieldValue {
  return { type: 'A', value: all.map(fieldValue) };
}

export const scenarios = [
  ...(['CC', 'BCC'] as const).flatMap((header) => [
    scenario(`${header}: more keys on the same exchange`, async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), 'direct');
      const queues: string[] = [];
      for (const key of ['a', 'b', 'c']) {
        const queue = await channel.queue(stage.name(key));
        await channel.bind(exchange, queue, key);
        queues.push(queue);
      }
      await channel.quietly('confirm.select');
      const headers = new Map([[header, keys('b', 'c', 'nobody')]]);
      channel.publish(exchange, 'a', 'to three', { properties: { headers } });
      await channel.settled(1);
      for (const queue of queues) await channel.call('basic.get', { queue, noAck: true });
    }),

    scenario(`${header}: by the default exchange, the key itself routing nowhere`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      await channel.quietly('confirm.select');
      const headers = new Map<string, FieldValue>([
        [header, keys(queue)],
        ['other', fieldValue(1)],
      ]);
      channel.publish('', stage.name('nowhere'), 'message', { mandatory: true, properties: { headers } });
      await channel.settled(1);
      await channel.call('basic.get', { queue, noAck: true });
    }),

    scenario(`${header}: a queue twice gets the message once`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      await channel.quietly('confirm.select');
      channel.publish('', queue, 'once', { properties: { headers: new Map([[header, keys(queue, queue)]]) } });
      await channel.settled(1);
      await channel.bodies(queue);
    }),

    ...Object.entries({
      text: fieldValue('a'),
      int: fieldValue(1),
      nothing: fieldValue(null),
      'a table': fieldValue({}),
      'an array of ints': fieldValue([1, 2]),
      'an array of text and ints': fieldValue(['a', 1]),
      'an empty array': fieldValue([]),
    } satisfies Record<string, FieldValue>).map(([label, value]) =>
      scenario(`${header}: ${label}`, async (stage) => {
        const channel = await stage.channel();
        const queue = await channel.queue(stage.name());
        await channel.quietly('confirm.select');
        channel.publish('', queue, 'message', { properties: { headers: new Map([[header, value]]) } });
        await channel.outcomeOrFailure();
      }),
    ),

    scenario(`${header}: by a topic exchange`, async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), 'topic');
      const queue = await channel.queue(stage.name());
      await channel.bind(exchange, queue, '*.b');
      await channel.quietly('confirm.select');
      const headers = new Map([[header, keys('a.b')]]);
      channel.publish(exchange, 'c', 'message', { mandatory: true, properties: { headers } });
      await channel.settled(1);
      await channel.call('basic.get', { queue, noAck: true });
    }),

    scenario(
      `${header}: a mandatory message that is routed nowhere comes back`,
      async (stage) => {
        const channel = await stage.channel();
        const headers = new Map([[header, keys('nobody')]]);
        channel.publish('amq.direct', stage.name('nowhere'), 'message', { mandatory: true, properties: { headers } });
        await channel.outcomes(1);
      },
      rewording('a message is returned as it was published', 'headers={}', "headers={BCC: ['nobody']}"),
    ),
  ]),

  scenario('CC and BCC at once', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    const queues: string[] = [];
    for (const key of ['a', 'b', 'c']) {
      const queue = await channel.queue(stage.name(key));
      await channel.bind(exchange, queue, key);
      queues.push(queue);
    }
    await channel.quietly('confirm.select');
    const headers = new Map([
      ['CC', keys('b')],
      ['BCC', keys('c')],
    ]);
    channel.publish(exchange, 'a', 'to three', { properties: { headers } });
    await channel.settled(1);
    for (const queue of queues) await channel.call('basic.get', { queue, noAck: true });
  }),
];
