/** Run it with `npm install` and `npm test`. */
const amqp = require('amqplib');
const { useBroker, useVhost } = require('leveret/testing');
const { startMailer } = require('./mailer.js');

const broker = useBroker({ clock: 'manual' });
const vhost = useVhost({ broker });

/** Publishes an order as the shop does. */
async function order(text) {
  const connection = await amqp.connect(vhost.url, { clientProperties: { connection_name: 'shop' } });
  const channel = await connection.createConfirmChannel();
  channel.publish('orders', 'order.confirmed', Buffer.from(text));
  await channel.waitForConfirms().finally(() => connection.close());
}

test('a mail is sent for an order', async () => {
  const sent = [];
  await startMailer(vhost.url, async (text) => sent.push(text));
  const orders = await vhost.exchange('orders');
  await order('two hares');
  await vhost.queue('mails').drained();
  expect(sent).toEqual(['two hares']);
  expect(await orders.published()).toMatchObject([
    { routingKey: 'order.confirmed', content: Buffer.from('two hares') },
  ]);
});

test('a mail that fails is sent again after a minute', async () => {
  const sent = [];
  let tries = 0;
  await startMailer(vhost.url, async (text) => {
    tries += 1;
    if (tries === 1) throw new Error('the mail server is away');
    sent.push(text);
  });
  await order('three hares');
  await vhost.queue('waiting').hasMessages(1);
  await broker.clock.advance(60_000);
  await vhost.queue('mails').drained();
  expect(sent).toEqual(['three hares']);
});

test('a mail that fails three times is given up', async () => {
  let tries = 0;
  await startMailer(vhost.url, async () => {
    tries += 1;
    throw new Error('the mail server is away');
  });
  await order('no hares');
  for (let minute = 0; minute < 2; minute++) {
    await vhost.queue('waiting').hasMessages(1);
    await broker.clock.advance(60_000);
  }
  await vhost.queue('mails').drained();
  await vhost.queue('waiting').drained();
  expect(tries).toBe(3);
});

test('a shop hears when the broker refuses its order', async () => {
  await startMailer(vhost.url, async () => {});
  await broker.faults.nackNext();
  await expect(order('four hares')).rejects.toThrow();
});
