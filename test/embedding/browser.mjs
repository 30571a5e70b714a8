/**
 * Shows the page of examples/core/browser to Chromium, without a window, and prints what it shows:
 * `node browser.mjs SCENARIO`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import WebSocket from 'ws';
import { serve } from '../../examples/core/browser/serve.mjs';

const FLAGS = [
  ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
  '--remote-debugging-port=0',
];
/** What is asked of the page until it is done. */
const SHOWN = `new Promise((resolve) => {
  const shown = () => document.body?.dataset.done && resolve(document.querySelector('pre').innerText);
  new MutationObserver(shown).observe(document, { subtree: true, childList: true, attributes: true });
  shown();
})`;

const scenario = pathToFileURL(resolve(process.argv[2])).href;
const server = await serve(0, { '/scenario.txt': [scenario, 'text/plain'] });
const folder = mkdtempSync(join(tmpdir(), 'leveret-browser-'));
const browser = spawn('chromium', [...FLAGS, `--user-data-dir=${folder}`], { stdio: ['ignore', 'ignore', 'pipe'] });
const ended = once(browser, 'close');
try {
  const url = `http://127.0.0.1:${server.address().port}/?scenario=scenario.txt`;
  const shown = await shownBy(await debuggerOf(browser), url);
  console.log(shown.trim());
  process.exitCode = shown.includes('failed') ? 1 : 0;
} finally {
  browser.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  server.close();
  server.closeAllConnections();
}

/** The port that a browser tells of when it is up. */
function debuggerOf({ stderr }) {
  return new Promise((resolve, reject) => {
    let told = '';
    stderr.setEncoding('utf8').on('data', (text) => {
      told += text;
      const [, port] = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(told) ?? [];
      if (port !== undefined) resolve(port);
    });
    stderr.once('end', () => reject(new Error(`the browser has ended: ${told}`)));
  });
}

/** Opens a page, and resolves with what it shows when it is done. */
async function shownBy(port, url) {
  const opened = await fetch(`http://127.0.0.1:${port}/json/new?${encodeURIComponent(url)}`, { method: 'PUT' });
  const { webSocketDebuggerUrl } = await opened.json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  await once(socket, 'open');
  // Whoever asks before the page has come is told that there is none: then it is asked again.
  for (;;) {
    socket.send(
      JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: SHOWN, awaitPromise: true } }),
    );
    const [answer] = await once(socket, 'message');
    const { result } = JSON.parse(String(answer));
    if (typeof result?.result?.value !== 'string') continue;
    socket.close();
    return result.result.value;
  }
}
