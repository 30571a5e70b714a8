/**
 * Ports of this machine: one that is free, and whether a program accepts connections at one. What must hold: a port that
 * was given is free until its program listens, though that takes seconds, or starts again there. So it is none of those
 * that systems give to connections and to who listens at port 0 (from 32,768 on).
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const FIRST = 20_000;
const END = 32_000;

const given = new Set();

/** @returns {Promise<number>} another one each time */
export async function freePort() {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

/** @param {number} port */
async function isFree(port) {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  await once(probe.close(), 'close');
  return true;
}

/** Asks for AMQP, as a client does. @param {number} port @returns {Promise<boolean>} whether a broker has answered */
export function speaksAmqp(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(AMQP));
    // What a broker says first is a method, on channel 0; whoever is connected to itself hears its own words.
    socket.once('data', (said) => {
      socket.destroy();
      resolve(said[0] === METHOD);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

const AMQP = Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]);
const METHOD = 1;

/**
 * @param {number} port
 * @returns {Promise<'connected' | 'refused'>}
 */
export function tryConnect(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', () => resolve('refused'));
  });
}
