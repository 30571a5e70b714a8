/** Two or three operations at one queue, as scenarios; and which cannot meet. */
import { SLOTS } from '../../../src/numbers/core.js';
import { hold, OPERATIONS, type Operation } from './operations.js';
import type { Scenario } from './scenario.js';

/** What each finds ready, and how many messages a holder holds. */
const READY = 3;
const HELD = 2;
const PAIR = 2;

/** Two or three operations at one queue whose head and tail stand at the end of a block. */
function meeting(...operations: readonly Operation[]): Scenario {
  const workers = Math.max(2, operations.filter(({ by }) => by !== 'coordinator').length);
  const holders = operations.filter(({ holds }) => holds).length;
  return {
    name: operations.map(({ name }) => name).join(' | '),
    meets: operations.map(({ name }) => name),
    workers,
    apart: operations.length > PAIR ? null : whyApart(operations),
    set: (stage) => {
      stage.queue('q');
      stage.unordered = true;
      for (let one = 0; one < workers; one++) stage.publisher(one, 'q');
      // With what is held a block is full: who settles the last of it retires it.
      const left = roomOf(operations);
      stage.moveTo('q', SLOTS - HELD * holders - left);
      const features = Object.assign({}, ...operations.map((operation) => operation.features ?? {}));
      if (Object.keys(features).length > 0) stage.bench.setFeatures('q', features);
      const parts = castOf(operations, workers);
      for (const { operation, participant, letter } of parts) if (operation.holds) hold(stage, participant, letter);
      const prepare = ({ operation, participant, letter }: (typeof parts)[number]) => ({
        participant,
        play: operation.prepare(stage, participant, letter),
      });
      const first = parts.filter(({ operation }) => !operation.last).map(prepare);
      stage.fill('q', 'z1', 'z2', 'z3');
      // Who waits for what another one brings has taken what was there.
      if (operations.some(({ waits }) => waits) && operations.some(({ brings }) => brings))
        for (let one = 0; one < workers; one++) stage.bench.serve(one);
      // One of three may find that the others have left it nothing.
      for (const [i, { operation, participant }] of parts.slice(0, parts.length > PAIR ? 0 : PAIR).entries()) {
        const others = operations.filter((_, other) => other !== i);
        // Who brings more may be the one that drops some.
        const isLate = operation.needs === true && others.some(({ drains, brings }) => drains || brings);
        if (operation.putOff && others.some(({ turns }) => turns)) continue;
        stage.work.working.set(participant, { yields: operation.givesWay === true || isLate });
      }
      return [...first, ...parts.filter(({ operation }) => operation.last).map(prepare)];
    },
  };
}

/** Slots of the block behind what is held. */
function roomOf(operations: readonly Operation[]): number {
  if (operations.some(({ behind }) => behind)) return 1;
  if (operations.some(({ holds }) => holds)) return 0;
  // What is published then stands in one block with what is away.
  return operations.some(({ last }) => last) ? READY + 1 : READY;
}

interface Role {
  readonly operation: Operation;
  readonly participant: number;
  readonly letter: string;
}

/** Who does what: a queue is swept by the first worker. */
function castOf(operations: readonly Operation[], workers: number): Role[] {
  let worker = operations.some(({ by }) => by === 'sweeper') ? 1 : 0;
  return operations.map((operation, i) => {
    const participant = operation.by === 'coordinator' ? workers : operation.by === 'sweeper' ? 0 : worker++;
    return { operation, participant, letter: 'abc'[i] ?? '?' };
  });
}

/** Why two cannot be made to meet at all; null: they can. */
export function whyNever(one: Operation, other: Operation): string | null {
  if (one.by === 'coordinator' && other.by === 'coordinator') return 'the coordinator does one thing at a time';
  if (one.by === 'sweeper' && other.by === 'sweeper') return 'one worker sweeps a queue';
  return null;
}

const LIST = 'what is requeued goes to the list of the queue, and counts in no block';
const BEHIND = 'the one touches list and waiters, the other blocks behind the head';
const FRONT = 'the one touches list and waiters, the other slots and their block';
const TAIL = 'the one fills slots behind the tail, the other counts those of a full block as done';
const HELD_ONLY = 'who settles what it holds looks at its block alone';
const WAITERS = 'with no other waiter, who gives a turn back looks at waiters alone';
const FILLED = 'messages that come back fill slots of their own, and nobody else writes to those';

const LEVELS = 'the one fills higher priorities, the other looks at the lowest';

/** Pairs that share no word: the search fails if they do. */
const APART: Readonly<Record<string, string>> = {
  'settle | requeue': LIST,
  'requeue | dead-letter': LIST,
  'settle | close a channel': LIST,
  'dead-letter | close a channel': LIST,
  'requeue | page out behind a margin': BEHIND,
  'close a channel | page out behind a margin': BEHIND,
  'cancel a waiter | page out behind a margin': BEHIND,
  'cancel a waiter | look at what is ready': WAITERS,
  'cancel a waiter | page in': WAITERS,
  'publish with priorities | page out behind a margin': LEVELS,
  'publish with priorities | page out from the front': LEVELS,
  'publish with priorities | page in': LEVELS,
  'cancel a waiter | purge': WAITERS,
  'requeue | page out from the front': FRONT,
  'cancel a waiter | page out from the front': FRONT,
  'close a channel | page out from the front': FRONT,
  'publish | settle': TAIL,
  'publish | dead-letter': TAIL,
  'settle | cancel a waiter': HELD_ONLY,
  'settle | page in': HELD_ONLY,
  'settle | pause and go on': HELD_ONLY,
  'dead-letter | cancel a waiter': HELD_ONLY,
  'dead-letter | page in': HELD_ONLY,
  'publish | page in': FILLED,
  'drop by length | page in': FILLED,
  'requeue | page in': FILLED,
  'close a channel | page in': FILLED,
};

function whyApart(operations: readonly Operation[]): string | undefined {
  return APART[operations.map(({ name }) => name).join(' | ')];
}

export function pairs(): Scenario[] {
  return OPERATIONS.flatMap((one, i) =>
    OPERATIONS.slice(i).flatMap((other) => (whyNever(one, other) === null ? [meeting(one, other)] : [])),
  );
}

const TAKEN = 'who waits has taken what would have been away';

/** Why three are not played; null: they are. */
function whyNotThree(operations: readonly Operation[]): string | null {
  const [one, other, third] = operations as [Operation, Operation, Operation];
  const never = whyNever(one, other) ?? whyNever(one, third) ?? whyNever(other, third);
  const has = (what: 'last' | 'waits' | 'brings') => operations.some((operation) => operation[what]);
  return never ?? (has('last') && has('waits') && has('brings') ? TAKEN : null);
}

/** Each three operations, of which one at most is the coordinator's, and one the sweeper's. */
export function triples(): Scenario[] {
  const found: Scenario[] = [];
  for (const [i, one] of OPERATIONS.entries()) {
    for (const [j, other] of OPERATIONS.slice(i).entries()) {
      for (const third of OPERATIONS.slice(i + j)) {
        if (whyNotThree([one, other, third]) === null) found.push(meeting(one, other, third));
      }
    }
  }
  return found;
}
