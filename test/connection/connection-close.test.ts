/**
 * How long a connection may take to close, on a worker whose coordinator answers when the test says so.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { encodeMethod, PROTOCOL_HEADER } from '../../src/amqp/frames.js';
import { DEFAULT_LIMITS } from '../../src/broker/requests/node-limits.js';
import type { Request } from '../../src/broker/requests/requests.js';
import { TopologyView } from '../../src/broker/topology/topology-view.js';
import { Connection } from '../../src/connection/connection.js';
import { ConnectionLog } from '../../src/connection/connection-lines.js';
import { COMPATIBLE } from '../../src/connection/handshake/identity.js';
import { Logins } from '../../src/connection/handshake/logins.js';
import type { Host } from '../../src/connection/session/session.js';
import { StreamTransport } from '../../src/connection/transport/stream-transport.js';
import { createSharedCore, openEngine } from '../../src/engine/open.js';
import { MEMORY_MIN } from '../../src/engine/sizes.js';
import { EventLoop } from '../../src/event-loop/event-loop.js';
import { LogLevels } from '../../src/logging/levels.js';
import { Logger } from '../../src/logging/logger.js';
import { build } from '../support/methods.js';
import { eventually, Inbox } from '../support/waiting.js';

/** Longer than a client may take to hang up after close-ok (ms). */
const LONG_MS = 5_000;

interface Stage {
  readonly connection: Connection;
  readonly client: Socket;
  /** What the coordinator was asked. */
  readonly asked: Inbox<Request['op']>;
  /** All that the client has got, as text. */
  received(): string;
}

async function stage(): Promise<Stage> {
  const engine = await openEngine(await createSharedCore('js', MEMORY_MIN, 1), 0);
  const peers = new Map<number, Connection>();
  const asked = new Inbox<Request['op']>();
  const view = new TopologyView();
  const host = {
    engine,
    eventLoop: new EventLoop(engine, peers, () => 'done'),
    view,
    logins: new Logins(view.accounts, () => {}),
    announced: COMPATIBLE,
    anonymous: null,
    ask: (_connection: number, request: Request) => asked.push(request.op),
    routeSpace: () => 0,
    closed: () => {},
    connectionLog: new ConnectionLog(new Logger(new LogLevels(), () => {})),
    limits: DEFAULT_LIMITS,
    syncTopology: () => {},
    announce: () => {},
  };
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  host.eventLoop.begin();
  const { bytes, readOffset, readLength } = engine;
  const memory = { bytes, readBuffer: bytes.subarray(readOffset, readOffset + readLength) };
  const ends = { peer: { kind: 'unix', path: '' }, local: null, isEncrypted: false } as const;
  // The calls of a connection that opens and closes.
  const connection = new Connection(
    host as unknown as Host,
    1,
    engine.openConnection(1, 0),
    (events) => new StreamTransport(socket, ends, memory, events),
  );
  peers.set(1, connection);
  const parts: Buffer[] = [];
  client.on('data', (part: Buffer) => parts.push(part));
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  return { connection, client, asked, received: () => Buffer.concat(parts).toString('latin1') };
}

const CLOSE_OK = Buffer.from(encodeMethod(0, build('connection.close-ok'))).toString('latin1');

test('a client whose things take long to remove gets its close-ok, however long that is', async () => {
  const { connection, client, asked, received } = await stage();
  client.write(PROTOCOL_HEADER);
  client.write(
    encodeMethod(0, build('connection.start-ok', { mechanism: 'PLAIN', response: Buffer.from('\0guest\0guest') })),
  );
  client.write(encodeMethod(0, build('connection.tune-ok', { channelMax: 1, frameMax: 4096 })));
  client.write(encodeMethod(0, build('connection.open', { virtualHost: '/' })));
  expect(await asked.next('the request to come in')).toBe('connection.open');
  connection.answered({ ok: true });
  client.write(encodeMethod(0, build('connection.close', { replyCode: 200 })));
  expect(await asked.next('the request to leave')).toBe('disconnect');
  connection.tick(performance.now() + LONG_MS);
  connection.answered({ ok: true });
  await eventually(
    'close-ok',
    async () => received(),
    (said) => said.endsWith(CLOSE_OK),
  );
});
