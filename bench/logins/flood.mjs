/**
 * Logins that fail, so many a second, from one address: each is a connection of its own that says at once all that it
 * has to say, and waits until it is closed. `node flood.mjs PORT RATE ADDRESS`; prints how many it has ended each second.
 */
import { connect } from 'node:net';

const [port, rate, address] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const EVERY_MS = 10;
const OPEN_MAX = 4_000;
const HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

/** @param {number} number */
function startOk(number) {
  const short = (/** @type {string} */ text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const long = (/** @type {Buffer} */ bytes) => Buffer.concat([uint32(bytes.length), bytes]);
  const response = Buffer.from(`\0user ${number}\0guess ${number}`);
  const payload = Buffer.concat([
    Buffer.from([0, 10, 0, 11]),
    uint32(0),
    short('PLAIN'),
    long(response),
    short('en_US'),
  ]);
  return Buffer.concat([Buffer.from([1, 0, 0]), uint32(payload.length), payload, Buffer.from([0xce])]);
}

/** @param {number} value */
function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

let [begun, open, ended, failed] = [0, 0, 0, 0];
const since = performance.now();
setInterval(() => {
  const due = Math.min(Math.floor(((performance.now() - since) * rate) / 1000) - begun, OPEN_MAX - open);
  for (let count = 0; count < due; count++) attempt(begun++);
}, EVERY_MS);
setInterval(() => {
  process.stdout.write(`${JSON.stringify({ ended, failed, open })}\n`);
  [ended, failed] = [0, 0];
}, 1_000);

/** @param {number} number */
function attempt(number) {
  open++;
  const socket = connect({ host: '127.0.0.1', port, localAddress: address });
  socket.on('error', () => failed++);
  socket.on('close', () => {
    open--;
    ended++;
  });
  socket.on('end', () => socket.destroy());
  socket.resume();
  socket.write(Buffer.concat([HEADER, startOk(number)]));
}
