/**
 * Whether somebody starves: `npm run bench:fairness -- --minute`. A hundred consumers of one queue with a prefetch of 1
 * on four workers, and more to take than they can, for a minute. What each got is counted in tenths of all deliveries:
 * who got nothing in one of them has starved. No time is asserted.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { reportFault } from '../limit/progress.mjs';
import { Connection } from '../support/connection.mjs';
import { startLeveret } from '../support/processes.mjs';

const CONSUMERS = 100;
const WORKERS = 4;
const TENTHS = 10;
const QUEUE = 'minute';
/** Messages that are published and not delivered. */
const AHEAD = 2_000;
/** Who shares the deliveries, and how far apart (ms) two of one consumer were at most. */
class Share {
  got = 0;
  gap = 0;
  last = 0;
}

/** @param {string} engine @param {number} lastsMs */
export async function runMinute(engine, lastsMs) {
  const server = await startLeveret(['--workers', String(WORKERS), '--engine', engine]);
  const onFailure = (/** @type {Error} */ error) => reportFault(error.message);
  const publisher = await Connection.open(server.port, onFailure);
  await publisher.openChannel();
  await publisher.call('queue.declare', { queue: QUEUE });
  const shares = Array.from({ length: CONSUMERS }, () => new Share());
  /** Who got them, in order. @type {number[]} */
  const order = [];
  let published = 0;
  const body = Buffer.alloc(16);
  let going = true;
  const fill = () => {
    while (going && published - order.length < AHEAD) {
      publisher.publish(QUEUE, body, false);
      published++;
    }
  };
  const consumers = await Promise.all(
    shares.map(async (share, i) => {
      const connection = await Connection.open(server.port, onFailure);
      connection.onDelivery = ({ deliveryTag }) => {
        connection.send('basic.ack', { deliveryTag });
        if (!going) return;
        const now = performance.now();
        if (share.got > 0) share.gap = Math.max(share.gap, now - share.last);
        share.last = now;
        share.got++;
        order.push(i);
        if (published - order.length < AHEAD / 2) fill();
      };
      await connection.openChannel();
      await connection.call('basic.qos', { prefetchCount: 1 });
      await connection.call('basic.consume', { queue: QUEUE });
      return connection;
    }),
  );
  fill();
  await pause(lastsMs);
  going = false;
  tell(engine, shares, order.length);
  judge(order);
  await Promise.all([publisher, ...consumers].map((connection) => connection.close()));
  await server.stop();
}

/** @param {string} engine @param {readonly Share[]} shares @param {number} all */
function tell(engine, shares, all) {
  const lines = shares.map(({ got, gap }, i) => {
    return `consumer ${i}: ${got}, ${((100 * got) / all).toFixed(2)}%, largest gap ${gap.toFixed(0)} ms`;
  });
  process.stdout.write(`${engine}, ${CONSUMERS} consumers, ${WORKERS} workers: ${all} messages\n${lines.join('\n')}\n`);
}

/** @param {readonly number[]} order */
function judge(order) {
  for (let tenth = 0; tenth < TENTHS; tenth++) {
    const part = order.slice((order.length * tenth) / TENTHS, (order.length * (tenth + 1)) / TENTHS);
    const served = new Set(part).size;
    if (served < CONSUMERS) {
      reportFault(`${CONSUMERS - served} consumers got nothing of ${part.length} messages in tenth ${tenth + 1}`);
    }
  }
}
