/** What is measured on one thread: each timed call handles one read; what prepares it is not timed. */
import { acks, publishes } from './frames.mjs';
import { Stage } from './stage.mjs';

const READ = 200 * 1024;
const MESSAGES_MAX = 200;
const FANOUT = 10;

/** Messages in one read. @param {number} size */
export function messagesFor(size) {
  return Math.min(MESSAGES_MAX, Math.floor(READ / (size + 80)));
}

/** @typedef {{ run: () => void, beforeEach: () => void, afterEach: () => void }} Case */

/** @type {Record<string, (kind: 'wasm' | 'js', size: number) => Promise<Case>>} */
export const CASES = {
  publish: (kind, size) => publishing(kind, size, 1),
  'claim + deliver': async (kind, size) => {
    const { stage, read, count } = await staged(kind, size, 1);
    stage.consume(false);
    return {
      beforeEach: () => publish(stage, read),
      run: () => stage.deliver(),
      afterEach: () => stage.settle(count),
    };
  },
  ack: async (kind, size) => {
    const { stage, read, count } = await staged(kind, size, 1);
    stage.consume(false);
    return {
      beforeEach: () => {
        publish(stage, read);
        stage.deliver();
        stage.load(acks(stage.tag + 1, count));
        stage.tag += count;
      },
      run: () => stage.ingest(stage.consumer),
      afterEach: () => {},
    };
  },
  [`fanout to ${FANOUT} queues`]: (kind, size) => publishing(kind, size, FANOUT),
};

/** @param {'wasm' | 'js'} kind @param {number} size @param {number} queues @returns {Promise<Case>} */
async function publishing(kind, size, queues) {
  const { stage, read } = await staged(kind, size, queues);
  return {
    beforeEach: () => stage.load(read),
    run: () => stage.ingest(stage.publisher),
    afterEach: () => stage.purge(),
  };
}

/** @param {'wasm' | 'js'} kind @param {number} size @param {number} queues */
async function staged(kind, size, queues) {
  const count = messagesFor(size);
  return { stage: await Stage.open(kind, queues), read: publishes(count, size), count };
}

/** @param {Stage} stage @param {Uint8Array} read */
function publish(stage, read) {
  stage.load(read);
  stage.ingest(stage.publisher);
}
