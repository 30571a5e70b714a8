/**
 * How fast messages go along each way of a topology. The broker counts at both ends, not on the ways: how many go along one
 * is narrowed down by these counts. What must hold: nothing is guessed; where several ways are possible, the least and the
 * most that it can be are told.
 */

/** An end of ways, with what is counted there (each second). */
export interface FlowEnd {
  readonly kind: 'exchange' | 'queue';
  /** What was published to an exchange, or came into a queue. */
  readonly in: number;
  /** What an exchange gave to queues, by way of others, too. */
  readonly out: number;
  /**
   * What is known of an exchange. `nothing`: messages come to it that were not published to it. `some`: not all of its ways
   * to queues are known, or it leads to exchanges as well. Into queues all ways are known.
   */
  readonly known: 'all' | 'some' | 'nothing';
  /** Each message goes along all its ways. */
  readonly isFanout: boolean;
}

export interface Way<E extends FlowEnd = FlowEnd> {
  readonly from: E;
  readonly to: E;
}

export interface Flow {
  /** Each second; null: it does not follow from what is counted. */
  readonly rate: number | null;
  readonly atLeast: number;
  /** Null: there is no bound. */
  readonly atMost: number | null;
}

/** Ways whose flows together are no more than this, or just this. */
interface Sum {
  readonly ways: readonly Narrowed[];
  readonly total: number;
  readonly isAll: boolean;
}

interface Narrowed {
  least: number;
  most: number;
}

/** Samples of two ends are not of the same moment: what differs by no more than this part, or so little, is the same. */
const PRECISION = 0.02;
const LITTLE = 0.5;

/** Times that all sums are gone through: each may narrow the others. */
const ROUNDS = 12;

/** In the order of the ways. */
export function flowsAlong(ways: readonly Way[]): Flow[] {
  const narrowed = ways.map(atFirst);
  const sums = sumsOf(ways, narrowed);
  for (let round = 0; round < ROUNDS; round++) {
    let isNarrower = false;
    for (const sum of sums) isNarrower = narrow(sum) || isNarrower;
    if (!isNarrower) break;
  }
  return narrowed.map(({ least, most }) => {
    if (most === Number.POSITIVE_INFINITY) return { rate: null, atLeast: least, atMost: null };
    return { rate: most - least <= most * PRECISION + LITTLE ? most : null, atLeast: least, atMost: most };
  });
}

/** No message goes along the same way twice. */
function atFirst({ from }: Way): Narrowed {
  if (from.known === 'nothing') return { least: 0, most: Number.POSITIVE_INFINITY };
  return { least: from.isFanout ? from.in : 0, most: from.in };
}

function sumsOf(ways: readonly Way[], narrowed: readonly Narrowed[]): Sum[] {
  const into = new Map<FlowEnd, Narrowed[]>();
  const outOf = new Map<FlowEnd, Narrowed[]>();
  const add = (to: Map<FlowEnd, Narrowed[]>, end: FlowEnd, way: Narrowed): void => {
    const others = to.get(end);
    if (others === undefined) to.set(end, [way]);
    else others.push(way);
  };
  for (const [at, { from, to }] of ways.entries()) {
    const way = narrowed[at];
    if (way === undefined || to.kind === 'exchange') continue;
    add(into, to, way);
    if (from.known !== 'nothing') add(outOf, from, way);
  }
  return [
    ...[...into].map(([queue, own]) => ({ ways: own, total: queue.in, isAll: true })),
    ...[...outOf].map(([exchange, own]) => ({ ways: own, total: exchange.out, isAll: exchange.known === 'all' })),
  ];
}

/** What the others cannot be is this one's; whether anything is known better now. */
function narrow({ ways, total, isAll }: Sum): boolean {
  const sum = (of: 'least' | 'most', without: Narrowed): number =>
    ways.reduce((all, way) => (way === without ? all : all + way[of]), 0);
  let isNarrower = false;
  for (const way of ways) {
    // Less than nothing comes of samples that do not fit.
    const most = Math.max(way.least, Math.min(way.most, total - sum('least', way)));
    const least = isAll ? Math.min(most, Math.max(way.least, total - sum('most', way))) : way.least;
    if (most === way.most && least === way.least) continue;
    [way.most, way.least] = [most, least];
    isNarrower = true;
  }
  return isNarrower;
}
