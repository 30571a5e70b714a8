/**
 * Faults that the search must find: some as they were in the core before they were mended, others of the kinds that
 * such code is prone to. All are compiled into the one core that the search runs, each behind the number of its fault:
 * a statement of the sources, and what stands there instead while that fault is planted. The sources know nothing of it.
 */
import type { Edit } from './instrument.js';

export interface Fault {
  readonly name: string;
  /** The scenario that shows it. */
  readonly scenario: string;
  readonly edits: readonly Edit[];
}

/** Names the global of the core that says which fault is planted; 0: none. */
export const PLANTED = 'assembly/memory/searched/planted';

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
        find: `    slot.message = message;
    // Pairs with the load of a cursor: whoever sees READY sees the message, too.
    atomicStore(changetype<usize>(slot), READY | flags | sharedFlag(changetype<Message>(message)));`,
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
        find: '  if (!hasReady(queue)) return false;',
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
