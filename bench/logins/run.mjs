/**
 * An honest client among logins that fail: `node bench/logins/run.mjs [SECONDS [RATE]]`. Processes of their own make
 * failed logins from 127.0.0.2 while clients come in from 127.0.0.3, one after the other; prints how long these took
 * from connect to open-ok. With CHECKOUT another built checkout is measured.
 */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startLeveret } from '../support/processes.mjs';

const SECONDS = Number(process.argv[2] ?? 15);
const RATE = Number(process.argv[3] ?? 2_000);
const FLOODS = 2;
const FLOOD = fileURLToPath(new URL('flood.mjs', import.meta.url));
const HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

/**
 * @param {number} classId
 * @param {number} methodId
 * @param {readonly number[]} fields
 */
function method(classId, methodId, fields) {
  const payload = [0, classId, 0, methodId, ...fields];
  return Buffer.from([1, 0, 0, 0, 0, 0, payload.length, ...payload, 0xce]);
}

const text = (/** @type {string} */ value) => [...Buffer.from(value)];
const START_OK = method(10, 11, [
  ...[0, 0, 0, 0, 5, ...text('PLAIN'), 0, 0, 0, 12, ...text('\0guest\0guest'), 5, ...text('en_US')],
]);
const TUNE_OK = method(10, 31, [0, 16, 0, 2, 0, 0, 0, 0]);
const OPEN = method(10, 40, [1, ...text('/'), 0, 0]);
const OPEN_OK = Buffer.from([0, 10, 0, 41]);
const CLOSE = method(10, 50, [0, 200, 0, 0, 0, 0, 0]);

/** @param {number} port @returns {Promise<number | null>} how long it took (ms); null: it was not let in */
function comeIn(port) {
  return new Promise((resolve) => {
    const since = performance.now();
    const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.3' });
    let got = Buffer.alloc(0);
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(null));
    socket.on('data', (bytes) => {
      got = Buffer.concat([got, bytes]);
      if (!got.includes(OPEN_OK)) return;
      resolve(performance.now() - since);
      socket.end(CLOSE);
    });
    socket.write(Buffer.concat([HEADER, START_OK, TUNE_OK, OPEN]));
  });
}

const server = await startLeveret(['--host', '127.0.0.1', '--http-port', '0'], {
  ...(process.env.CHECKOUT === undefined ? {} : { checkout: process.env.CHECKOUT }),
});
let failures = 0;
const floods = Array.from({ length: RATE > 0 ? FLOODS : 0 }, () => {
  const child = spawn(process.execPath, [FLOOD, String(server.port), String(RATE / FLOODS), '127.0.0.2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    failures += JSON.parse(line).ended;
  });
  return child;
});
const times = [];
let refused = 0;
const end = performance.now() + SECONDS * 1000;
while (performance.now() < end) {
  const took = await comeIn(server.port);
  if (took === null) refused++;
  else times.push(took);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
for (const child of floods) child.kill('SIGKILL');
await server.stop();
times.sort((a, b) => a - b);
const at = (/** @type {number} */ share) => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(1);
process.stdout.write(
  `${Math.round(failures / SECONDS)} failed logins a second from one address; ${times.length} honest ones from another, ` +
    `${refused} refused: median ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${at(0.9999)} ms\n`,
);
