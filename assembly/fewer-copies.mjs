/**
 * A step of the compiler for core.wasm, the build that is to be small: takes `@inline` from functions that are called
 * in many places and rarely at run time, so that each stands once. What is done for each message keeps it, but for a
 * few that cost next to nothing. The builds for speed go without this step.
 */
import { Transform } from 'assemblyscript/transform';
import { SHORT, takeInline } from './inline.mjs';

/** Whose functions are called once a turn, or less. */
const RARE = [
  ...['queue/rules/', 'queue/spill/', 'queue/browse', 'queue/take', 'queue/emptying', 'log/', 'exports/'],
  ...['amqp/lifecycle', 'amqp/receiving/copy', 'amqp/receiving/inspect', 'amqp/receiving/confirm'],
  ...['amqp/receiving/guarded-publish', 'amqp/delivering/held', 'amqp/delivering/long-content'],
  ...['amqp/delivering/delivery-count', 'amqp/delivering/requeue', 'amqp/delivering/consumer'],
  ...['amqp/delivering/ack', 'memory/properties', 'memory/epoch', 'memory/root', 'memory/pool', 'memory/fifo'],
  ...['memory/stacks', 'memory/counter-lists'],
].map((path) => `assembly/${path}`);
/** Those of other files. */
const NAMES = [
  ...['addBytes', 'blockAt', 'closeEmptyBox', 'countChannel', 'countDelivered', 'countRouted', 'encodeDeliver'],
  ...['endTurn', 'gapOf', 'grant', 'headOf', 'hold', 'lock', 'lowest', 'markTaken', 'pageOf', 'priorityAt'],
  ...['promisePages', 'setGap', 'unlock'],
];

export default class extends Transform {
  afterParse({ sources }) {
    const left = new Set(NAMES);
    takeInline(sources, ({ name, path, length }) => {
      left.delete(name);
      if (NAMES.includes(name)) return true;
      return length >= SHORT && RARE.some((rare) => path.startsWith(rare));
    });
    if (left.size > 0) throw new Error(`assembly/fewer-copies.mjs names what is not inline: ${[...left].join(', ')}`);
  }
}
