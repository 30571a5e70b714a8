/**
 * A step of the compiler for core.small.wasm: takes `@inline` from all functions but those that are as short as a call,
 * and those that are called for each message and cost few octets where they are called.
 */
import { Transform } from 'assemblyscript/transform';
import { SHORT, takeInline } from './inline.mjs';

const KEPT = [
  ...['addToRun', 'appendTo', 'beginBody', 'blockOf', 'channelOf', 'contentSize', 'countChannel', 'countConfirm'],
  ...['deliver', 'encodeContent', 'encodeDeliver', 'findRoute', 'finish', 'finishTaken', 'frameFirst', 'hold'],
  ...['keyOfRoute', 'matches', 'newMessage', 'noteDelivery', 'onMethod', 'outputAt', 'pendingPages', 'record'],
  ...['releaseSimple', 'routeQueue', 'sharedFlag', 'slotAt', 'takeBody', 'unackedAt'],
];

export default class extends Transform {
  afterParse({ sources }) {
    const left = new Set(KEPT);
    takeInline(sources, ({ name, length }) => {
      left.delete(name);
      return length >= SHORT && !KEPT.includes(name);
    });
    if (left.size > 0) throw new Error(`assembly/one-copy.mjs names what is not inline: ${[...left].join(', ')}`);
  }
}
