/**
 * A broker whose clients come in by WebSocket, for tests that speak AMQP over plain sockets: between the two stands a
 * bridge, which sends what comes in messages of all sizes, some in several frames.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { startEmbedded } from './embedded.js';
import { Fragments, randomNumbers } from './fragments.js';
import type { StreamBroker } from './stream-broker.js';

/** `seed`: of the sizes of the messages. */
export async function startWebSocketBroker(memory: number, seed: number): Promise<StreamBroker> {
  const { embedded } = await startEmbedded(undefined, {
    host: undefined,
    port: undefined,
    listeners: [{ kind: 'ws', host: '127.0.0.1', port: 0 }],
    announced: { product: 'RabbitMQ', version: '3.13.7' },
    memory,
  });
  const [bound] = embedded.listeners;
  if (bound?.kind !== 'ws') throw new Error('nobody listens by WebSocket');
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections += 1;
    bridge(socket, `ws://127.0.0.1:${bound.port}/`, randomNumbers(seed + connections));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.close();
      await embedded.stop();
    },
  };
}

function bridge(client: Socket, url: string, random: () => number): void {
  client.setNoDelay(true);
  client.pause();
  const broker = new WebSocket(url, ['amqp']);
  broker.on('error', () => {});
  broker.on('open', () => {
    const pieces = new Fragments(client, random);
    pieces.on('data', (piece: Buffer) => {
      const cut = random() < 0.2 ? Math.floor(random() * piece.length) : 0;
      if (cut > 0) broker.send(piece.subarray(0, cut), { binary: true, fin: false });
      broker.send(piece.subarray(cut), { binary: true, fin: true });
      if (random() < 0.05) broker.ping();
    });
    pieces.on('error', () => {});
    // A client that ends is one that closes; one that is reset is gone.
    pieces.on('end', () => broker.close());
  });
  broker.on('message', (data: Buffer) => client.write(data));
  broker.on('close', () => client.end(() => client.destroy()));
  client.on('error', () => broker.terminate());
  client.on('close', () => broker.close());
}
