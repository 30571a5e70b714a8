/**
 * Asks for listings, and scrapes, in a process of its own, so that what reads them holds up nothing that is measured
 * beside. A message `{ host, port, path, forMs }` is answered by what each took; with `forMs` 0 it is asked once. What
 * must hold: an answer is 200 and whole, or the process ends with an error; it ends with the one that started it.
 */
import { Agent, request } from 'node:http';

/** @typedef {{ host: string, port: number, path: string, forMs: number }} Wish */
/** `rows` of the first answer, if it is a listing; `firstMs`: until the first octet of the body. @typedef {{ ms: number, firstMs: number, octets: number, rows: number }} Took */

const agent = new Agent({ keepAlive: true });

process.on('disconnect', () => process.exit());
process.on('message', async (/** @type {Wish} */ wish) => {
  const begun = performance.now();
  /** @type {Took[]} */
  const took = [];
  do {
    took.push(await ask(wish, took.length === 0 && wish.path.startsWith('/api/')));
  } while (performance.now() - begun < wish.forMs);
  process.send?.(took);
});

/**
 * @param {Wish} wish
 * @param {boolean} counts
 * @returns {Promise<Took>}
 */
function ask({ host, port, path }, counts) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const asked = request({ host, port, path, agent, auth: 'guest:guest' }, (response) => {
      /** @type {Buffer[]} */
      const parts = [];
      let octets = 0;
      let firstMs = 0;
      response.on('data', (/** @type {Buffer} */ part) => {
        if (octets === 0) firstMs = performance.now() - begun;
        octets += part.length;
        if (counts) parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () => {
        const ms = performance.now() - begun;
        if (response.statusCode !== 200) reject(new Error(`${path} was answered by ${response.statusCode}`));
        else resolve({ ms, firstMs, octets, rows: counts ? rowsIn(Buffer.concat(parts)) : 0 });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Of a list, or of a page. @param {Buffer} body */
function rowsIn(body) {
  const answer = JSON.parse(body.toString());
  return (Array.isArray(answer) ? answer : answer.items).length;
}
