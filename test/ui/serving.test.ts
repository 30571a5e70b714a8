/** The files of the web page, as the broker serves them. */
import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { useHttpApi } from '../management/support/http-client.js';
import { startEmbedded } from '../support/embedded.js';

const api = useHttpApi();

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** As it is sent: `fetch` would take it apart. */
function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: api().broker.management?.port, path, headers }, async (answer) => {
      const body = Buffer.concat(await answer.toArray());
      resolve({ status: answer.statusCode, headers: answer.headers, body });
    })
      .on('error', reject)
      .end();
  });
}

const assetsIn = (html: Buffer): string[] =>
  [...html.toString().matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');

test('the page is open to all, and may load and reach nothing but this broker', async () => {
  const { status, headers } = await ask('/');
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
});

test('each file comes by brotli, gzip or as it is, as whoever asks takes it', async () => {
  const plain = await ask('/');
  const byBrotli = await ask('/', { 'accept-encoding': 'gzip, br' });
  const byGzip = await ask('/', { 'accept-encoding': 'gzip, br;q=0' });
  expect(byBrotli.headers['content-encoding']).toBe('br');
  expect(byGzip.headers['content-encoding']).toBe('gzip');
  expect(brotliDecompressSync(byBrotli.body)).toEqual(plain.body);
  expect(gunzipSync(byGzip.body)).toEqual(plain.body);
});

test('whoever has a file need not load it again', async () => {
  const { headers, body } = await ask('/');
  const again = await ask('/', { 'if-none-match': String(headers.etag) });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  const assets = assetsIn(body);
  expect(assets.length).toBeGreaterThan(1);
  for (const path of assets)
    expect((await ask(path)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
});

test('the first view is under 60 KB, and has no script or style of its own', async () => {
  const page = await ask('/', { 'accept-encoding': 'br' });
  const html = brotliDecompressSync(page.body);
  const assets = await Promise.all(assetsIn(html).map((path) => ask(path, { 'accept-encoding': 'br' })));
  const octets = [page, ...assets].reduce((sum, { body }) => sum + body.length, 0);
  expect(octets).toBeLessThan(60_000);
  expect(html.toString()).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
});

test('what is no file of the page is not there', async () => {
  expect((await ask('/assets/none.js')).status).toBe(404);
  expect((await ask('/assets/..%2findex.html')).status).toBe(404);
  expect((await ask('/.sources')).status).toBe(404);
});

test('a broker that is to serve no page says so, and serves its API', async () => {
  const { embedded } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0, page: false } });
  const address = `http://127.0.0.1:${embedded.management?.port}`;
  try {
    const answer = await fetch(`${address}/`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/plain; charset=utf-8']);
    expect(await answer.text()).toBe('This broker serves no web page (http_page is false). The HTTP API is at /api.\n');
    expect((await fetch(`${address}/js/oidc-oauth/login-callback.html`)).status).toBe(404);
    const headers = { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` };
    expect((await fetch(`${address}/api/whoami`, { headers })).status).toBe(200);
  } finally {
    await embedded.stop();
  }
});
