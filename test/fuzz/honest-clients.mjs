/**
 * Clients that do nothing wrong, one for each listener: they publish a message, wait for its confirm, and for the
 * message to come back, again and again; and now and then they come anew.
 */
import { connect as connectPlain, createServer } from 'node:net';
import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
import { connect as connectAmqplib } from 'amqplib';
import { WebSocket } from 'ws';

/** After so many messages a client comes anew: that others can come in is what is asked, too. */
const MESSAGES = 200;
/** From where the proxy comes that is believed. */
const PROXY = '127.0.0.2';

export class HonestClient {
  count = 0;
  progressAt = performance.now();
  /** What it waits for. */
  doing = '';
  isDone = false;
  #isStopped = false;
  #target;

  /** `target`: a port, or a path. */
  constructor(kind, target, ca) {
    this.kind = kind;
    this.ca = ca;
    this.#target = target;
  }

  async begin() {
    if (this.kind.startsWith('proxied')) this.#target = await proxyTo(this.#target);
  }

  stop() {
    this.#isStopped = true;
  }

  async run() {
    while (!this.#isStopped) {
      this.doing = 'coming in';
      const session = this.kind.startsWith('ws') ? await overWebSocket(this) : await overSocket(this);
      for (let i = 0; i < MESSAGES && !this.#isStopped; i++) {
        const body = `${this.kind} ${this.count}`;
        this.doing = 'a message there and back';
        const came = await session.roundTrip(body);
        if (came !== body) throw new Error(`the honest client by ${this.kind} has sent '${body}' and got '${came}'`);
        this.count += 1;
        this.progressAt = performance.now();
      }
      this.doing = 'leaving';
      await session.close();
    }
    this.isDone = true;
  }

  get target() {
    return this.#target;
  }
}

async function overSocket({ kind, target, ca }) {
  // Nagle's algorithm would have each message wait for what the other side acknowledges late.
  const noDelay = true;
  const url = `${kind.endsWith('tls') ? 'amqps' : 'amqp'}://guest:guest@127.0.0.1:${kind === 'unix' ? 1 : target}`;
  const connection = await connectAmqplib(url, kind === 'unix' ? { path: target } : { ca, noDelay });
  const broken = new Promise((_resolve, reject) => {
    connection.on('error', (error) => reject(new Error(`the honest client by ${kind}: ${error.message}`)));
  });
  broken.catch(() => {});
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  let take = () => {};
  await channel.consume(queue, (message) => {
    channel.ack(message);
    take(message.content.toString());
  });
  return {
    roundTrip: (body) => {
      const came = new Promise((resolve) => {
        take = resolve;
      });
      channel.sendToQueue(queue, Buffer.from(body));
      return Promise.race([broken, Promise.all([came, channel.waitForConfirms()]).then(([first]) => first)]);
    },
    close: () => connection.close(),
  };
}

async function overWebSocket({ kind, target, ca }) {
  // The library takes the one that a browser has.
  globalThis.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url, ['amqp'], { ca });
    }
  };
  const client = new AMQPWebSocketClient({ url: `${kind}://127.0.0.1:${target}/`, logger: null });
  await client.connect();
  const channel = await client.channel();
  await channel.confirmSelect();
  const { name } = await channel.queueDeclare('', { exclusive: true });
  let take = () => {};
  await channel.basicConsume(name, { noAck: false }, async (message) => {
    await message.ack();
    take(message.bodyString());
  });
  return {
    roundTrip: async (body) => {
      const came = new Promise((resolve) => {
        take = resolve;
      });
      await channel.basicPublish('', name, body);
      return came;
    },
    close: () => client.close(),
  };
}

/** A proxy that is believed, and says of its clients that they are on this machine. */
async function proxyTo(port) {
  const server = createServer((client) => {
    const broker = connectPlain({ port, host: '127.0.0.1', localAddress: PROXY });
    broker.on('error', () => client.destroy());
    client.on('error', () => broker.destroy());
    broker.setNoDelay(true);
    client.setNoDelay(true);
    broker.write('PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n');
    client.pipe(broker).pipe(client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return server.address().port;
}
