/**
 * A step of the compiler for core.wasm, the build that is to be small: takes `@inline` from functions that are called
 * in many places and rarely at run time, so that each stands once. What is done for each message keeps it, but for a
 * few that cost next to nothing. The builds for speed go without this step.
 */
import { DecoratorKind, NodeKind } from 'assemblyscript';
import { Transform } from 'assemblyscript/transform';

/** Whose functions are called once a turn, or less. */
const RARE = [
  ...['queue/rules/', 'queue/spill/', 'queue/browse', 'queue/take', 'queue/emptying', 'log/', 'exports/'],
  ...['amqp/lifecycle', 'amqp/receiving/copy', 'amqp/receiving/inspect', 'amqp/receiving/confirm'],
  ...['amqp/receiving/guarded-publish', 'amqp/delivering/held', 'amqp/delivering/long-content'],
  ...['amqp/delivering/delivery-count', 'amqp/delivering/requeue', 'amqp/delivering/consumer'],
  ...['amqp/delivering/ack', 'memory/properties', 'memory/epoch', 'memory/root', 'memory/pool', 'memory/fifo'],
  ...['memory/stacks', 'memory/counter-lists'],
].map((path) => `assembly/${path}`);
/** Characters of a body that is as short as a call: it stays where it is. */
const SHORT = 60;
/** Those of other files. */
const NAMES = [
  ...['addBytes', 'blockAt', 'closeEmptyBox', 'countChannel', 'countDelivered', 'countRouted', 'encodeDeliver'],
  ...['endTurn', 'gapOf', 'grant', 'headOf', 'hold', 'lock', 'lowest', 'markTaken', 'pageOf', 'passOn', 'priorityAt'],
  ...['promisePages', 'setGap', 'unlock'],
];

export default class extends Transform {
  afterParse({ sources }) {
    const left = new Set(NAMES);
    for (const { isLibrary, normalizedPath, statements } of sources) {
      if (isLibrary) continue;
      const isRare = RARE.some((path) => normalizedPath.startsWith(path));
      for (const statement of statements) visit(statement, isRare, left);
    }
    if (left.size > 0) throw new Error(`assembly/fewer-copies.mjs names what is not inline: ${[...left].join(', ')}`);
  }
}

/** Takes out of `left` the names that it finds. */
function visit(node, isRare, left) {
  if (node.kind === NodeKind.ClassDeclaration) {
    for (const member of node.members) visit(member, isRare, left);
  } else if (node.kind === NodeKind.FunctionDeclaration || node.kind === NodeKind.MethodDeclaration) {
    const { body, decorators, name } = node;
    if (body === null || decorators === null) return;
    const isLong = body.range.end - body.range.start >= SHORT;
    if (!NAMES.includes(name.text) && !(isRare && isLong)) return;
    const kept = decorators.filter(({ decoratorKind }) => decoratorKind !== DecoratorKind.Inline);
    if (kept.length < decorators.length) left.delete(name.text);
    node.decorators = kept.length > 0 ? kept : null;
  }
}
