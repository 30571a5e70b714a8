/**
 * A page in a real browser is a client: it publishes with confirms, consumes and acknowledges over WebSocket, by the
 * client library that pages use, and reports what it has seen to the server that it came from.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbedded } from '../support/embedded.js';
import { deferred, within } from '../support/waiting.js';

const LIBRARY = fileURLToPath(
  new URL('../../node_modules/@cloudamqp/amqp-client/dist/amqp-websocket-client.mjs', import.meta.url),
);

interface Report {
  readonly error?: string;
  /** What the page shows. */
  readonly shown?: string;
  readonly protocol?: string;
  readonly received?: number;
  readonly isInOrder?: boolean;
  /** Messages that are left in the queue. */
  readonly left?: number;
  /** How the WebSocket was closed. */
  readonly code?: number;
}

const MESSAGES = 1000;

function page(broker: string): string {
  return `<!doctype html><title>client</title><script type="module">
import { AMQPWebSocketClient } from '/amqp-websocket-client.mjs';
const Native = globalThis.WebSocket;
let socket;
globalThis.WebSocket = class extends Native {
  constructor(url) {
    super(url, 'amqp');
    socket = this;
  }
};
async function run() {
  const client = new AMQPWebSocketClient({ url: '${broker}', logger: null });
  await client.connect();
  const { protocol } = socket;
  const closed = new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
  const channel = await client.channel();
  await channel.confirmSelect();
  await channel.prefetch(100);
  const { name } = await channel.queueDeclare('', { exclusive: true, autoDelete: false });
  let received = 0;
  let isInOrder = true;
  const all = new Promise((resolve, reject) => {
    channel.basicConsume(name, { noAck: false }, async (message) => {
      isInOrder &&= message.bodyString() === String(received) + ' ' + 'x'.repeat(received);
      received += 1;
      await message.ack();
      if (received === ${MESSAGES}) resolve();
    }).catch(reject);
  });
  const published = Array.from({ length: ${MESSAGES} }, (_, number) =>
    channel.basicPublish('', name, String(number) + ' ' + 'x'.repeat(number)));
  await Promise.all([all, ...published]);
  await channel.close();
  // What is not acknowledged would be back in the queue.
  const { messageCount: left } = await (await client.channel()).queueDeclare(name, { passive: true });
  await client.close();
  return { protocol, received, isInOrder, left, code: await closed };
}
const report = await run().catch((error) => ({ error: String(error) }));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
</script>`;
}

const EXAMPLE = fileURLToPath(new URL('../../examples/websocket.html', import.meta.url));

/** The example as it is, and a script that reports what it shows as soon as that is something. */
function example(): string {
  return `${readFileSync(EXAMPLE, 'utf8')}<script>
new MutationObserver(([{ target }]) => fetch('/report', { method: 'POST', body: JSON.stringify({ shown: target.innerText }) }))
  .observe(document.querySelector('ul'), { childList: true });
</script>`;
}

/** Serves a page; resolves with its address, and with what it reports. */
async function serve(page: string): Promise<{ url: string; report: Promise<Report> }> {
  const report = deferred<Report>();
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      const parts: Buffer[] = [];
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
      report.resolve(JSON.parse(Buffer.concat(parts).toString()) as Report);
      response.end();
      return;
    }
    const isLibrary = request.url?.endsWith('.mjs') === true;
    response.setHeader('Content-Type', isLibrary ? 'text/javascript' : 'text/html');
    response.end(isLibrary ? readFileSync(LIBRARY) : page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, report: report.promise };
}

/** Shows a page in Chromium, without a window, until the test is over. */
function browse(url: string): () => string {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-browser-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const child = spawn('chromium', [...flags, `--user-data-dir=${directory}`, url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  child.on('error', (error) => {
    told += error.message;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  onTestFinished(async () => {
    // Its processes are a group of their own.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  return () => told;
}

/** A broker; resolves with where pages find it. */
async function broker(): Promise<string> {
  const { embedded } = await startEmbedded(undefined, {
    host: undefined,
    port: undefined,
    listeners: [{ kind: 'ws', host: '127.0.0.1', port: 0 }],
  });
  onTestFinished(() => embedded.stop());
  const [bound] = embedded.listeners;
  if (bound?.kind !== 'ws') throw new Error('nobody listens by WebSocket');
  return `ws://127.0.0.1:${bound.port}/ws/amqp`;
}

test('the page among the examples shows what is said', async () => {
  const { url, report } = await serve(example());
  const told = browse(`${url}?broker=${encodeURIComponent(await broker())}`);
  expect(await within(50_000, 'the page to report', report, () => `the browser told: ${told().slice(-2000)}`)).toEqual({
    shown: 'Hello, hare!',
  });
});

test('a page publishes with confirms, consumes and acknowledges a thousand messages', async () => {
  const { url, report } = await serve(page(await broker()));
  const told = browse(url);
  expect(await within(50_000, 'the page to report', report, () => `the browser told: ${told().slice(-2000)}`)).toEqual({
    protocol: 'amqp',
    received: MESSAGES,
    isInOrder: true,
    left: 0,
    code: 1000,
  });
});
