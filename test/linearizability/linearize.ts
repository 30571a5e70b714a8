/**
 * Whether a history of calls that overlapped can be explained by a sequential object: whether each call can be given one
 * moment between its beginning and its end, so that the object, doing them one after the other in that order, gives the
 * results that were seen (Herlihy and Wing).
 *
 * The search is Wing and Gong's, with what Lowe added ("Testing for linearizability", 2017): what was seen from one
 * place with the same calls done and the same state is not searched twice; and a call is given its moment just in time,
 * when one of the calls that have begun must have had its own because it ends.
 */

/** A call by one client. Calls that never returned may have happened at any time after they began, or not at all. */
export interface Timed<Call> {
  readonly call: Call;
  readonly began: number;
  /** At the same time as a beginning, it counts as later. */
  readonly ended: number;
  /** Calls of the same history, by their numbers, that must have happened before: in one request, or for other reasons. */
  readonly after?: readonly number[];
  /** A guess: of calls that may be next, those of lower ranks are tried first. It changes no verdict. */
  readonly rank?: number;
}

/** The sequential object. States are values: two with the same text are the same. */
export interface Model<Call> {
  readonly initial: string;
  /** The state after the call, with the result that was seen; null: there is no such result in this state. */
  step(state: string, call: Call): string | null;
}

export type Verdict =
  /** Calls by their numbers in the history, in an order that explains it. */
  | { readonly linearizable: true; readonly order: readonly number[] }
  /**
   * `at`: the call that could not have happened before it ended, whatever came before; the furthest that was reached.
   * Null instead of false: there was too much to try.
   */
  | { readonly linearizable: false | null; readonly at: number; readonly pending: readonly number[] };

/** A moment that the search has come to. */
interface Configuration {
  /** The next end. */
  readonly event: number;
  readonly state: string;
  /** Calls that have begun, not ended yet, and happened: a bit for each, by its place among those that have begun. */
  readonly happened: bigint;
  readonly last: Happened | null;
}

/** What happened, the newest first. */
interface Happened {
  readonly call: number;
  readonly before: Happened | null;
}

/** An end, and what has begun by then and not ended before. */
interface End {
  readonly call: number;
  readonly pending: readonly number[];
  /** The same, with the one last that is tried first: those of lower ranks, then what ends, then the others. */
  readonly worstFirst: readonly number[];
}

/** A search that comes to more moments than this is given up. */
const CONFIGURATIONS_MAX = 200_000;

export function linearize<Call>(history: readonly Timed<Call>[], model: Model<Call>): Verdict {
  const { ends, bits } = endsOf(history);
  const seen = new Set<string>();
  let furthest = 0;
  const open: Configuration[] = [];
  const come = (reached: Configuration): void => {
    const configuration = passed(reached, ends, bits);
    const { event, state, happened } = configuration;
    const key = `${event} ${happened.toString(36)} ${state}`;
    if (seen.has(key)) return;
    seen.add(key);
    furthest = Math.max(furthest, event);
    open.push(configuration);
  };
  come({ event: 0, state: model.initial, happened: 0n, last: null });
  for (let one = open.pop(); one !== undefined && seen.size <= CONFIGURATIONS_MAX; one = open.pop()) {
    const end = ends[one.event];
    if (end === undefined) return { linearizable: true, order: orderOf(one.last) };
    for (const call of end.worstFirst) {
      const bit = bits[call] ?? 0n;
      if ((one.happened & bit) !== 0n || !isFree(history, end, one.happened, bits, call)) continue;
      const state = model.step(one.state, callOf(history, call));
      if (state !== null)
        come({ event: one.event, state, happened: one.happened | bit, last: { call, before: one.last } });
    }
  }
  const { call = -1, pending = [] } = ends[furthest] ?? {};
  return { linearizable: seen.size > CONFIGURATIONS_MAX ? null : false, at: call, pending };
}

/** Whether the calls that must happen before have happened. */
function isFree<Call>(
  history: readonly Timed<Call>[],
  end: End,
  happened: bigint,
  bits: readonly bigint[],
  call: number,
): boolean {
  for (const before of history[call]?.after ?? []) {
    // It has ended, or has not begun.
    if (!end.pending.includes(before)) {
      if ((history[before]?.ended ?? 0) > (history[end.call]?.ended ?? 0)) return false;
      continue;
    }
    if ((happened & (bits[before] ?? 0n)) === 0n) return false;
  }
  return true;
}

function callOf<Call>(history: readonly Timed<Call>[], call: number): Call {
  const one = history[call];
  if (one === undefined) throw new Error(`there is no call ${call}`);
  return one.call;
}

/** Goes on past the ends of calls that have happened. */
function passed(configuration: Configuration, ends: readonly End[], bits: readonly bigint[]): Configuration {
  let { event, happened } = configuration;
  for (let end = ends[event]; end !== undefined; end = ends[event]) {
    const bit = bits[end.call] ?? 0n;
    if ((happened & bit) === 0n) break;
    happened &= ~bit;
    event += 1;
  }
  return { ...configuration, event, happened };
}

/** The ends in their order; and of each call its bit, which is another one's when it has ended. */
function endsOf<Call>(history: readonly Timed<Call>[]): { ends: End[]; bits: bigint[] } {
  const events = history.flatMap(({ began, ended }, call) => [
    { time: began, call, begins: true },
    ...(Number.isFinite(ended) ? [{ time: ended, call, begins: false }] : []),
  ]);
  events.sort((a, b) => a.time - b.time || Number(b.begins) - Number(a.begins) || a.call - b.call);
  const free: bigint[] = [];
  const bits: bigint[] = [];
  const ends: End[] = [];
  let used = 0n;
  let pending: number[] = [];
  for (const { call, begins } of events) {
    if (begins) {
      bits[call] = free.pop() ?? 1n << used++;
      pending = [...pending, call];
    } else {
      ends.push({ call, pending, worstFirst: worstFirst(history, call, pending) });
      pending = pending.filter((other) => other !== call);
      free.push(bits[call] ?? 0n);
    }
  }
  return { ends, bits };
}

function worstFirst<Call>(history: readonly Timed<Call>[], ending: number, pending: readonly number[]): number[] {
  const rank = (call: number): number => history[call]?.rank ?? Number.POSITIVE_INFINITY;
  const place = (call: number): number => {
    if (call === ending) return 1;
    return rank(call) < rank(ending) && history[ending]?.rank !== undefined ? 0 : 2;
  };
  return [...pending].sort((a, b) => place(b) - place(a) || (rank(a) === rank(b) ? b - a : rank(b) - rank(a)));
}

function orderOf(last: Happened | null): number[] {
  const order: number[] = [];
  for (let one = last; one !== null; one = one.before) order.push(one.call);
  return order.reverse();
}
