/**
 * Messages without a socket beside amqplib over loopback: one program embeds a broker with one worker, and publishes
 * with confirms, consumes and acknowledges, all on its main thread; once by `broker.channel()`, once by amqplib, turn
 * about. The ratio of the two rates, as the median of the rounds, is what counts: both share the machine's mood.
 *
 *   node bench/embedded/channel.mjs [--rounds 7] [--messages N] [--engine wasm|js] [--quick]
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import amqp from 'amqplib';
import { Broker } from '../../dist/index.js';
import { median } from '../support/median.mjs';
import { formatTable, thousands } from '../support/table.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    messages: { type: 'string' },
    engine: { type: 'string', default: 'wasm' },
    quick: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(values.rounds ?? (values.quick ? 1 : 7));
/** By amqplib; the channel gets five times as many, so that both take about as long. */
const MESSAGES = Number(values.messages ?? (values.quick ? 2_000 : 40_000));
const MORE = 5;
const SIZES = [100, 1024];
const PREFETCH = 1_000;

const broker = await Broker.start({ engine: values.engine === 'js' ? 'js' : 'wasm' });

/** Messages a second, from the first publish to the last acknowledgement and confirm. */
/** @param {Buffer} body @param {number} count */
async function byChannel(body, count) {
  const channel = await broker.channel();
  const { queue } = await channel.declareQueue('', { exclusive: true });
  const all = countdown(count);
  await channel.consume(
    queue,
    (message) => {
      channel.ack(message);
      all.one();
    },
    { prefetch: PREFETCH },
  );
  const start = performance.now();
  for (let i = 0; i < count; i++) if (!channel.send('', queue, body)) await channel.drained();
  await channel.confirmed();
  await all.done;
  const rate = count / ((performance.now() - start) / 1000);
  await channel.close();
  return rate;
}

/** @param {Buffer} body @param {number} count */
async function byAmqplib(body, count) {
  const connection = await amqp.connect(broker.url);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const all = countdown(count);
  await channel.prefetch(PREFETCH);
  await channel.consume(queue, (message) => {
    if (message === null) throw new Error('the consumer was cancelled');
    channel.ack(message);
    all.one();
  });
  const start = performance.now();
  for (let i = 0; i < count; i++)
    if (!channel.publish('', queue, body)) await new Promise((resolve) => channel.once('drain', () => resolve(null)));
  await channel.waitForConfirms();
  await all.done;
  const rate = count / ((performance.now() - start) / 1000);
  await connection.close();
  return rate;
}

/** @param {number} count */
function countdown(count) {
  let left = count;
  /** @type {(value: null) => void} */
  let resolve = () => {};
  const done = new Promise((settle) => {
    resolve = settle;
  });
  const one = () => {
    left -= 1;
    if (left === 0) resolve(null);
  };
  return { one, done };
}

const rows = [];
for (const size of SIZES) {
  const body = Buffer.alloc(size, 'x');
  await byAmqplib(body, MESSAGES / 4);
  await byChannel(body, MESSAGES);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ amqplib: await byAmqplib(body, MESSAGES), channel: await byChannel(body, MESSAGES * MORE) });
  rows.push([
    `${size} B`,
    thousands(median(rounds.map(({ amqplib }) => amqplib))),
    thousands(median(rounds.map(({ channel }) => channel))),
    median(rounds.map(({ amqplib, channel }) => channel / amqplib)).toFixed(1),
    rounds.map(({ amqplib, channel }) => (channel / amqplib).toFixed(1)).join(' '),
  ]);
}
await broker.stop();
console.log(
  formatTable(
    [
      { title: 'body', align: 'left' },
      { title: 'amqplib/s' },
      { title: 'channel/s' },
      { title: 'ratio' },
      { title: 'ratios', align: 'left' },
    ],
    rows,
  ),
);
