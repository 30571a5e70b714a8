/**
 * Publishes the messages of one queue with confirms, on connections that are closed, or cut, and opened again on the
 * way.
 */
import { cut, open } from './connections.mjs';

/** Publishes that may wait for their confirms. */
const WINDOW = 500;
const BODY_MIN = 20;
const BODY_MAX = 4_096;
const BODY_LARGE = 200_000;
const LARGE = 0.002;
const PERSISTENT = 0.5;
/** How often a connection ends, for each message. */
const CLOSED = 0.0005;
const CUT = 0.0005;

/** @typedef {import('./account.mjs').Account} Account */
/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {import('./tally.mjs').Tally} Tally */

/**
 * @param {object} story
 * @param {string} story.url
 * @param {string} story.exchange
 * @param {string} story.key
 * @param {number} story.messages
 * @param {Account} story.account
 * @param {Random} story.random
 * @param {Tally} story.tally
 */
export async function publishAll({ url, exchange, key, messages, account, random, tally }) {
  let message = 0;
  while (message < messages) {
    const connection = await open(url);
    const channel = await connection.createConfirmChannel();
    // Its end is heard of by the callbacks of what was published.
    channel.on('error', () => {});
    /** @type {Set<number>} */
    const waiting = new Set();
    let confirmed = () => {};
    let ending = '';
    while (message < messages && ending === '') {
      const number = message++;
      waiting.add(number);
      const options = { persistent: random.chance(PERSISTENT) };
      const hasRoom = channel.publish(exchange, key, bodyOf(number, random), options, (error) => {
        // What a cut connection leaves unconfirmed is counted there.
        if (!waiting.delete(number)) return;
        if (error) account.unknown(number);
        else account.confirmed(number);
        if (!error) tally.confirmed++;
        confirmed();
      });
      tally.published++;
      if (!hasRoom) await new Promise((resolve) => channel.once('drain', resolve));
      while (waiting.size >= WINDOW) {
        await new Promise((resolve) => {
          confirmed = () => resolve(undefined);
        });
      }
      ending = random.chance(CUT) ? 'cut' : random.chance(CLOSED) ? 'close' : '';
    }
    if (ending === 'cut') {
      for (const number of waiting) account.unknown(number);
      waiting.clear();
      await cut(connection);
    } else {
      while (waiting.size > 0) {
        await new Promise((resolve) => {
          confirmed = () => resolve(undefined);
        });
      }
      await connection.close();
    }
    tally.reconnects++;
  }
}

/**
 * A body that begins with its number.
 * @param {number} number
 * @param {Random} random
 */
function bodyOf(number, random) {
  const body = Buffer.alloc(random.chance(LARGE) ? BODY_LARGE : random.between(BODY_MIN, BODY_MAX), number & 0xff);
  body.writeUInt32BE(number, 0);
  return body;
}
