/**
 * The queue that histories are held against: one thing at a time, on a text. Messages stand in the order in which they
 * were published; whoever takes gets the first that is ready; what is requeued is ready again in its old place, and
 * marked as redelivered.
 *
 * A purge takes messages away one by one, and others may do something in between. So it is several calls in a row: it
 * begins, drops the first so and so often, and ends when so many are gone as were ready when it began, whether it has
 * dropped them or others have taken them meanwhile, or when nothing is ready.
 */
import { linearize, type Model, type Timed, type Verdict } from './linearize.js';

export type QueueHistory = readonly Timed<QueueCall>[];

export type QueueCall =
  /** `takes`: how often it will have been taken in the end, if that is known: then it is not gone before. */
  | { readonly does: 'publish'; readonly message: number; readonly takes?: number }
  | { readonly does: 'take'; readonly message: number; readonly redelivered: boolean }
  /** There is nothing to take. */
  | { readonly does: 'find nothing' }
  | { readonly does: 'settle'; readonly message: number }
  | { readonly does: 'requeue'; readonly message: number }
  | { readonly does: 'begin to purge' }
  | { readonly does: 'drop' }
  | { readonly does: 'end the purge' };

/** Of each message: its number, from 1 on, and these, a character each, behind one for what a purge still has to drop. */
const TAKEN = 1;
const REDELIVERED = 2;
/** Above them: 1 more than how often it will still be taken; 0: nobody knows. */
const TAKES_ONE = 4;
/** The number of all messages that are never taken. */
const NOBODYS = 0;
const WIDTH = 2;
const FIRST = 1;
/** A number is that much above the character 0. */
const OFFSET = 0x100;

/** Whether a history can be explained by the queue. */
export function linearizeQueue(history: QueueHistory): Verdict {
  return linearize(narrowed(history), SEQUENTIAL_QUEUE);
}

/**
 * The same history, so that less has to be tried. What is never taken could as well be any other such message. And if
 * the first take of one message had ended when that of another one began, or that one was never taken, then the one was
 * published before the other: it was first of all that were ready, and the other one was ready if it was there. (Where
 * messages are dropped, nobody knows this of those that were never taken.) And it is likely that messages were
 * published in the order in which they were taken.
 */
export function narrowed(history: QueueHistory): QueueHistory {
  const takes = new Map<number, Timed<QueueCall>>();
  const counts = new Map<number, number>();
  for (const one of history) {
    if (one.call.does !== 'take') continue;
    const { message } = one.call;
    counts.set(message, (counts.get(message) ?? 0) + 1);
    const first = takes.get(message);
    takes.set(message, {
      ...one,
      began: Math.min(one.began, first?.began ?? Number.POSITIVE_INFINITY),
      ended: Math.min(one.ended, first?.ended ?? Number.POSITIVE_INFINITY),
    });
  }
  const drops = history.some(({ call }) => call.does === 'drop');
  const publishes = history.flatMap(({ call, began, ended }, number) =>
    call.does === 'publish' ? [{ number, began, ended, take: takes.get(call.message) }] : [],
  );
  return history.map((one, number) => {
    const { call, began, ended, after = [] } = one;
    if (call.does !== 'publish') return one;
    const take = takes.get(call.message);
    const before = publishes.filter((other) => {
      if (other.number === number || other.take === undefined || (take === undefined && drops)) return false;
      return other.began <= ended && other.ended >= began && (take === undefined || other.take.ended < take.began);
    });
    const message = take === undefined ? NOBODYS : call.message;
    const known = { ...call, message, takes: counts.get(message) ?? 0 };
    const rank = take?.ended ?? Number.MAX_VALUE;
    return { ...one, rank, call: known, after: [...after, ...before.map((other) => other.number)] };
  });
}

export const SEQUENTIAL_QUEUE: Model<QueueCall> = { initial: character(0), step };

function character(number: number): string {
  return String.fromCharCode(OFFSET + number);
}

function numberAt(state: string, at: number): number {
  return state.charCodeAt(at) - OFFSET;
}

function step(state: string, call: QueueCall): string | null {
  switch (call.does) {
    case 'publish':
      return state + character(call.message) + character(call.takes === undefined ? 0 : (call.takes + 1) * TAKES_ONE);
    case 'take':
      return take(state, call.message, call.redelivered);
    case 'find nothing':
      return firstReady(state) < 0 ? state : null;
    case 'settle':
      return settle(state, call.message);
    case 'requeue':
      return requeue(state, call.message);
    case 'begin to purge':
      return character(readyIn(state)) + state.slice(FIRST);
    case 'drop': {
      const at = firstReady(state);
      return at < 0 || isTakenAgain(state, at) ? null : owedLess(state.slice(0, at) + state.slice(at + WIDTH));
    }
    case 'end the purge':
      return numberAt(state, 0) === 0 || firstReady(state) < 0 ? character(0) + state.slice(FIRST) : null;
  }
}

function firstReady(state: string): number {
  for (let at = FIRST; at < state.length; at += WIDTH) if ((numberAt(state, at + 1) & TAKEN) === 0) return at;
  return -1;
}

function readyIn(state: string): number {
  let ready = 0;
  for (let at = FIRST; at < state.length; at += WIDTH) if ((numberAt(state, at + 1) & TAKEN) === 0) ready += 1;
  return ready;
}

/** Where a message stands that somebody has taken; −1: there is none. */
function takenAt(state: string, message: number): number {
  for (let at = FIRST; at < state.length; at += WIDTH) {
    if (numberAt(state, at) === message) return (numberAt(state, at + 1) & TAKEN) === 0 ? -1 : at;
  }
  return -1;
}

function withMarks(state: string, at: number, marks: number): string {
  return state.slice(0, at + 1) + character(marks) + state.slice(at + WIDTH);
}

function take(state: string, message: number, redelivered: boolean): string | null {
  const at = firstReady(state);
  if (at < 0 || numberAt(state, at) !== message) return null;
  const marks = numberAt(state, at + 1);
  if (((marks & REDELIVERED) !== 0) !== redelivered) return null;
  return owedLess(withMarks(state, at, (marks >= TAKES_ONE ? marks - TAKES_ONE : marks) | TAKEN));
}

/** What is first is one of those that a purge under way still has to drop, and it is gone. */
function owedLess(state: string): string {
  return character(Math.max(0, numberAt(state, 0) - 1)) + state.slice(FIRST);
}

function settle(state: string, message: number): string | null {
  const at = takenAt(state, message);
  return at < 0 || isTakenAgain(state, at) ? null : state.slice(0, at) + state.slice(at + WIDTH);
}

function isTakenAgain(state: string, at: number): boolean {
  return numberAt(state, at + 1) >= 2 * TAKES_ONE;
}

function requeue(state: string, message: number): string | null {
  const at = takenAt(state, message);
  return at < 0 ? null : withMarks(state, at, (numberAt(state, at + 1) & ~TAKEN) | REDELIVERED);
}
