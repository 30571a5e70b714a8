/**
 * What can go wrong with the stream in memory, by switch (call a method) or by chance (`MemoryChances`, `byChance`).
 * What must hold: all chance comes from the random source that was injected, all time from the clock, so that a seed
 * makes a run again; and nothing here does what the promises of log-stream.ts forbid, but for `regress`.
 */
import type { Clock } from '../../platform/clock.js';

/** Each from 0 to 1, asked for each message that goes one way. */
export interface MemoryChances {
  /** A request does not arrive. */
  lostRequest: number;
  /** What was asked for is done, and the answer does not arrive. */
  lostAnswer: number;
  /** An append is refused for one that is then lost: as if it had never been. */
  refused: number;
}

/** How long things take (ms). */
export interface MemoryTiming {
  /** One way, at least and at most. */
  readonly delay: readonly [number, number];
  /** An answer that has not come after this is unknown. */
  readonly timeout: number;
  /** The stream has no leader for so long, at least and at most. */
  readonly election: readonly [number, number];
}

export const CALM: MemoryTiming = { delay: [1, 3], timeout: 2000, election: [4000, 9000] };

/**
 * Who answers a node that is cut off. nobody: it has no connection. replica: a server that is cut off with it, and
 * tells what it had. leader: the same, and it believes that it still leads, so it answers what leaders are asked.
 */
export type CutOff = 'nobody' | 'replica' | 'leader';

/** What the faults work on: the stream in memory. */
export interface Faulty {
  readonly nodes: readonly string[];
  readonly last: number;
  cutOff(node: string, servedBy: CutOff): void;
  heal(node: string): void;
  stall(ms: number): void;
  elect(): void;
  regress(count: number): void;
}

/** How likely each fault is to begin, in one interval. */
export interface FaultRates {
  readonly interval: number;
  readonly stall: number;
  readonly election: number;
  readonly partition: number;
  /** The stream loses up to so many messages of its tail. Breaks what a stream promises. */
  readonly regression: number;
  readonly regressionMax: number;
}

export const ROUGH: FaultRates = {
  interval: 500,
  stall: 0.05,
  election: 0.05,
  partition: 0.1,
  regression: 0,
  regressionMax: 0,
};

/** A number from `least` on, below `most`. */
export function between(random: () => number, [least, most]: readonly [number, number]): number {
  return least + random() * (most - least);
}

const SERVED_BY: readonly CutOff[] = ['nobody', 'replica', 'leader'];

/** Lets faults begin by chance from now on; what it returns ends that, and heals what is cut off. */
export function byChance(stream: Faulty, clock: Clock, random: () => number, rates: FaultRates = ROUGH): () => void {
  let next: () => void = () => {};
  const isCut = new Set<string>();
  const heal = (node: string) => {
    if (isCut.delete(node)) stream.heal(node);
  };
  const roll = () => {
    if (random() < rates.stall) stream.stall(between(random, [10, 6 * rates.interval]));
    if (random() < rates.election) stream.elect();
    if (random() < rates.partition) {
      const node = stream.nodes[Math.floor(random() * stream.nodes.length)];
      const servedBy = SERVED_BY[Math.floor(random() * SERVED_BY.length)];
      if (node !== undefined && servedBy !== undefined && !isCut.has(node)) {
        isCut.add(node);
        stream.cutOff(node, servedBy);
        clock.after(between(random, [10, 10 * rates.interval]), () => heal(node));
      }
    }
    if (random() < rates.regression) stream.regress(1 + Math.floor(random() * rates.regressionMax));
    next = clock.after(rates.interval, roll);
  };
  next = clock.after(rates.interval, roll);
  return () => {
    next();
    for (const node of [...isCut]) heal(node);
  };
}
