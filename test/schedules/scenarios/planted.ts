/**
 * Faults that the search must find: some as they were in the core before they were mended, others of the kinds that
 * such code is prone to. All are compiled into the one core that the search runs, each behind the number of its fault:
 * a statement of the sources, and what stands there instead while that fault is planted. The sources know nothing of it.
 */
import type { Edit } from '../search/compile.js';

export interface Fault {
  readonly name: string;
  /** The scenario that shows it. */
  readonly scenario: string;
  /** It shows with weak memory alone: with sequentially consistent memory it is none. */
  readonly isWeak?: boolean;
  readonly edits: readonly Edit[];
}

/** Names the global of the core that says which fault is planted; 0: none. */
export const PLANTED = 'assembly/memory/searched/planted';

/** Statements that several faults are made of. */
const FILLED = `    slot.message = message;
    // Pairs with the load of a cursor: whoever sees READY sees the message, too.
    atomicStore(changetype<usize>(slot), READY | flags | sharedFlag(changetype<Message>(message)));`;
const ENTERED =
  "  atomicStore(changetype<usize>(self) + offsetof<Participant>('seen'), atomicLoad(ROOT + offsetof<Root>('epoch')));";

const HELD = `  const head = headBehindLoads(queue);
  if ((atomicLoad(changetype<usize>(slot)) & STATE_MASK) != state) return false;
  return state == REQUEUED || (<i32>(browseNext - head) >= 0 && departedOf(queue) == departed);`;

export const FAULTS: readonly Fault[] = [
  {
    name: 'a cursor moves the head without a compare-and-swap',
    scenario: 'two get from one queue at the end of a block',
    edits: [
      {
        file: 'assembly/queue/chain/claim.ts',
        find: `    if (compareExchange(address + offsetof<Queue>('head'), head, head + count) != head) {
      claimLost();
      continue;
    }`,
        replace: `store<u32>(address + offsetof<Queue>('head'), head + count);`,
      },
    ],
  },
  {
    name: 'a slot is ready before its message is there',
    scenario: 'one publishes while another gets',
    edits: [
      {
        file: 'assembly/queue/publish.ts',
        find: FILLED,
        replace: `atomicStore(changetype<usize>(slot), READY | flags | sharedFlag(changetype<Message>(message)));
    slot.message = message;`,
      },
    ],
  },
  {
    name: 'a consumer that has registered does not look once more',
    scenario: 'a consumer registers and sleeps while one publishes',
    edits: [
      {
        file: 'assembly/queue/consumers/waiters.ts',
        find: '    passOn(queue);\n    return false;',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'who links a block later keeps its own',
    scenario: 'two publish to one queue at the end of a block',
    edits: [
      {
        file: 'assembly/queue/chain/queue.ts',
        find: '  if (!seen) return changetype<Block>(page);',
        replace: 'return changetype<Block>(page);',
      },
    ],
  },
  {
    name: 'a block is held only when its slots are marked: it is retired twice',
    scenario: 'the last of a block is taken while its front is paged out',
    edits: [
      {
        file: 'assembly/queue/spill/page-out.ts',
        find: '  if (atHead && !hold(outBlock)) return 0;',
        replace: '',
      },
      { file: 'assembly/queue/spill/page-out.ts', find: '    if (atHead) addDone(outBlock, 1);\n', replace: '' },
      {
        file: 'assembly/queue/spill/page-out.ts',
        find: '  if (waits) stamp = newEpoch();',
        replace: `if (waits) {
    stamp = newEpoch();
    atomicAdd(changetype<usize>(outBlock) + offsetof<Block>('done'), -1);
  }`,
      },
    ],
  },
  {
    name: 'a turn is counted when its consumer can see it already',
    scenario: 'a consumer is cancelled while it is granted a turn that is counted',
    edits: [
      {
        file: 'assembly/queue/consumers/run-queue.ts',
        find: '  countTurn(queue, waiter);\n  unlink(queue, waiter);',
        replace: 'unlink(queue, waiter);\n  countTurn(queue, waiter);',
      },
    ],
  },
  {
    name: 'a run is promised as many pages as it needs alone',
    scenario: 'five longest runs at the end of a block',
    edits: [
      {
        file: 'assembly/queue/publish.ts',
        find: '  return (root().participants * RUN_MAX - 1) / SLOTS + 1;',
        replace: 'return (RUN_MAX - 1) / SLOTS + 1;',
      },
    ],
  },
  {
    name: 'a queue that ends keeps its hints',
    scenario: 'messages of older blocks are settled while their queue goes for good',
    edits: [
      {
        file: 'assembly/queue/chain/queue.ts',
        find: `  atomicStore(address + offsetof<Queue>('tailBlock'), 0);
  atomicStore(address + offsetof<Queue>('headBlock'), 0);`,
        replace: '',
      },
      {
        file: 'assembly/queue/chain/settle.ts',
        find: `  moveHintPast(changetype<usize>(queue) + offsetof<Queue>('tailBlock'), block);
  moveHintPast(changetype<usize>(queue) + offsetof<Queue>('headBlock'), block);`,
        replace: `if (block.next) {
    moveHintPast(changetype<usize>(queue) + offsetof<Queue>('tailBlock'), block);
    moveHintPast(changetype<usize>(queue) + offsetof<Queue>('headBlock'), block);
  }`,
      },
    ],
  },
  {
    name: 'a block is used again while others are inside',
    scenario: 'two get from one queue at the end of a block',
    edits: [{ file: 'assembly/memory/epoch.ts', find: '    if (!isQuiescent(block.stamp)) return;', replace: '' }],
  },
  {
    name: 'who enters does not say so',
    scenario: 'two get from one queue at the end of a block',
    edits: [
      {
        file: 'assembly/memory/epoch.ts',
        find: ENTERED,
        replace: '',
      },
    ],
  },
  {
    name: 'pops are not counted: a segment that came back looks unmoved',
    scenario: 'segments are taken and given by two',
    edits: [
      {
        file: 'assembly/memory/stacks.ts',
        find: '    if (compareExchange64(stack, top, (((top >> 32) + 1) << 32) | (<u64>next)) == top) return unit;',
        replace: 'if (compareExchange64(stack, top, <u64>next) == top) return unit;',
      },
    ],
  },
  {
    name: 'who falls asleep looks for work first',
    scenario: 'a consumer registers and sleeps while one publishes',
    edits: [
      {
        file: 'assembly/amqp/serve.ts',
        find: "  atomicStore(address + offsetof<Participant>('state'), SLEEPING);",
        replace: '',
      },
      {
        file: 'assembly/amqp/serve.ts',
        find: '  if (!work) return true;',
        replace: `if (!work) {
    atomicStore(address + offsetof<Participant>('state'), SLEEPING);
    return true;
  }`,
      },
    ],
  },
  {
    name: 'two leave turns in an inbox without a compare-and-swap',
    scenario: 'two grant turns to one worker',
    edits: [
      {
        file: 'assembly/queue/consumers/run-queue.ts',
        find: '    if (compareExchange(inbox, first, <u32>changetype<usize>(waiter)) == first) break;',
        replace: 'atomicStore(inbox, <u32>changetype<usize>(waiter)); break;',
      },
    ],
  },
  {
    name: 'who lets go of a lock wakes nobody',
    scenario: 'two requeue while a third claims',
    edits: [
      {
        file: 'assembly/memory/atomic.ts',
        find: '    if (atomic.xchg<u32>(address, FREE) == AWAITED) notify(address);',
        replace: 'atomic.store<u32>(address, FREE);',
      },
    ],
  },
  {
    name: 'a consumer that ends while it is granted a turn is freed at once',
    scenario: 'a consumer is cancelled while it is granted a turn that is counted',
    edits: [
      {
        file: 'assembly/amqp/delivering/consumer.ts',
        find: '    if (!unwait(queue, consumer)) consumer.linked = 1;',
        replace: 'unwait(queue, consumer);',
      },
    ],
  },
  {
    name: 'a turn is passed on beside messages for which others have turns',
    scenario: 'two messages come together to four that wait',
    edits: [
      {
        file: 'assembly/queue/consumers/waiters.ts',
        find: '  if (queue.features & CONSUMER_PRIORITIES) return true;',
        replace: 'return true;',
      },
    ],
  },
  {
    name: 'a turn ends before the claim',
    scenario: 'two messages come together to four that wait',
    edits: [
      {
        file: 'assembly/amqp/delivering/deliver.ts',
        find: '  if (!free) return consumer.granted == COUNTED_TURN ? 1 : 0;',
        replace: `if (!free) return consumer.granted == COUNTED_TURN ? 1 : 0;
  takeTurn(queue, consumer);`,
      },
    ],
  },
  {
    name: 'who was granted a turn in vain is in line after it has ended',
    scenario: 'one that is at work takes of what comes to four that wait',
    edits: [
      {
        file: 'assembly/amqp/delivering/deliver.ts',
        find: '  enterWaiters(queue, consumer);',
        replace: `if (hadTurn) countTurnTaken(queue);
  enterWaiters(queue, consumer);`,
      },
      { file: 'assembly/amqp/delivering/deliver.ts', find: '  if (hadTurn) countTurnTaken(queue);', replace: '' },
    ],
  },
  {
    name: 'a cancelled consumer keeps its turn',
    scenario: 'a cancelled consumer gives its turn back while another one waits',
    edits: [
      {
        file: 'assembly/amqp/delivering/consumer.ts',
        find: '  freeIfDone(consumer);\n  passOn(queue);',
        replace: 'freeIfDone(consumer);',
      },
    ],
  },
  {
    name: 'who lacks memory looks before it leaves its mark',
    scenario: 'a publisher that found no memory sleeps while another one frees some',
    edits: [
      {
        file: 'assembly/memory/units.ts',
        find: "  if (waits && (atomicOr(ROOT + offsetof<Root>('starved'), lacks) & lacks) != lacks) ringOthers();",
        replace: '',
      },
      {
        file: 'assembly/memory/units.ts',
        find: '  if (there) self.starved = 0;',
        replace: "if (there) self.starved = 0; else atomicOr(ROOT + offsetof<Root>('starved'), lacks);",
      },
    ],
  },
  {
    name: 'who claims looks for what was requeued only before it looks at the head',
    scenario: 'one requeues and then publishes while another gets',
    edits: [
      {
        file: 'assembly/queue/chain/claim.ts',
        find: "    if (back && atomicLoad(address + offsetof<Queue>('requeued'))) continue;",
        replace: '',
      },
    ],
  },
  {
    name: 'who makes the queue of a priority later puts its own in place',
    scenario: 'publish with priorities | publish with priorities',
    edits: [
      {
        file: 'assembly/queue/chain/priorities.ts',
        find: `  if (seen) {
    givePage(child.headBlock);
    giveCell(fresh);
    return changetype<Queue>(seen);
  }`,
        replace: 'if (seen) store<u32>(<usize>queue.priorities + priority * 4, <u32>fresh);',
      },
    ],
  },
  {
    name: 'a slot is made ready by a plain store',
    scenario: 'one publishes while another gets',
    isWeak: true,
    edits: [
      {
        file: 'assembly/queue/publish.ts',
        find: FILLED,
        replace: `slot.message = message;
    store<u32>(changetype<usize>(slot), READY | flags | sharedFlag(changetype<Message>(message)));`,
      },
    ],
  },
  {
    name: 'who enters says so by a plain store',
    scenario: 'publish | purge',
    isWeak: true,
    edits: [
      {
        file: 'assembly/memory/epoch.ts',
        find: ENTERED,
        replace: 'self.seen = atomicLoad(ROOT + offsetof<Root>("epoch"));',
      },
    ],
  },
  {
    name: 'who follows the link of a block reads it by a plain load',
    scenario: 'two publish to one queue at the end of a block',
    isWeak: true,
    edits: [
      {
        file: 'assembly/queue/chain/queue.ts',
        find: '  const next = atomicLoad(link);\n  if (next) return changetype<Block>(next);',
        replace: 'const next = load<u32>(link); if (next) return changetype<Block>(next);',
      },
    ],
  },
  {
    name: 'who has copied a message looks at the head by a load',
    scenario: 'the message at the head is browsed while it is taken and written over',
    isWeak: true,
    edits: [
      {
        file: 'assembly/queue/browse.ts',
        find: HELD,
        replace: HELD.replace('headBehindLoads', 'headNow'),
      },
    ],
  },
  {
    name: 'who has looked at a message looks at the head by a load',
    scenario: 'the message at the head is asked for its age while it is taken and written over',
    isWeak: true,
    edits: [
      {
        file: 'assembly/queue/chain/head.ts',
        find: '  return headBehindLoads(queue) == position;',
        replace: "return atomicLoad(changetype<usize>(queue) + offsetof<Queue>('head')) == position;",
      },
    ],
  },
  {
    name: 'who counts octets looks at the head by a load',
    scenario: 'the message at the head is counted while it is taken and written over',
    isWeak: true,
    edits: [
      {
        file: 'assembly/queue/rules/set-features.ts',
        find: '    if (<i32>(headBehindLoads(queue) - position) <= 0) bytes += size;',
        replace: "if (<i32>(atomicLoad(address + offsetof<Queue>('head')) - position) <= 0) bytes += size;",
      },
    ],
  },
];

/** All of them, each behind its number, from 1 on. */
export function plantedEdits(): Edit[] {
  const edits = FAULTS.flatMap(({ edits }, i) =>
    edits.map(({ file, find, replace }) => ({
      file,
      find,
      replace: `if (planted == ${i + 1}) { ${replace} } else {\n${find}\n}`,
    })),
  );
  const file = 'assembly/memory/searched.ts';
  const find = '@inline export function isSearched(): bool {';
  const global = '// @ts-ignore: decorator\n@global export let planted: u32 = 0;\n';
  return [...edits, { file, find, replace: `${global}${find}` }];
}
