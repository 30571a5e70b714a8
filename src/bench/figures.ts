/**
 * What a bench has found, as `--json` prints it, and how single rounds become a figure with an interval. What must
 * hold: a figure is never told without the interval in which its mean lies. Means are geometric: a round that something
 * else on the machine held up is as far from the others as one that ran twice as fast.
 */
import type { EngineKind } from '../engine/engine.js';
import type { Machine } from './machine.js';

/** In the order of tables. */
export const ENGINES: readonly EngineKind[] = ['wasm', 'js'];

/** The geometric mean of some rounds, and the interval in which it lies by 95 of 100. */
export interface Figure {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** The rounds themselves, in their order. */
  readonly rounds: readonly number[];
}

/** One row: both engines, and how many times as much JavaScript is. */
export interface Comparison {
  readonly wasm: Figure;
  readonly js: Figure;
  /** Of the rounds' ratios, js / wasm. */
  readonly ratio: Figure;
}

export interface EngineRow extends Comparison {
  readonly what: string;
  /** Octets of a body. */
  readonly body: number;
}

export interface BrokerRow {
  readonly what: string;
  /** Messages a second that went through. */
  readonly rate: Comparison;
  /** CPU of the broker for one of them, system calls with it (µs). */
  readonly cpu: Comparison;
}

export interface Report {
  /** When it began (ISO 8601). */
  readonly date: string;
  readonly machine: Machine;
  /** What was said to the command. */
  readonly command: string;
  readonly rounds: number;
  /** Nanoseconds a message; empty: not asked for. */
  readonly engine: readonly EngineRow[];
  /** Of whole brokers; empty: not asked for. */
  readonly broker: readonly BrokerRow[];
}

/** `rounds`: one figure of each engine for each round, at least two rounds. */
export function compare(rounds: readonly Readonly<Record<EngineKind, number>>[]): Comparison {
  return {
    wasm: figure(rounds.map(({ wasm }) => wasm)),
    js: figure(rounds.map(({ js }) => js)),
    ratio: figure(rounds.map(({ wasm, js }) => js / wasm)),
  };
}

/** Student's t for 95 of 100 on both sides together, by degrees of freedom from 1 on; beyond, the normal distribution's. */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const NORMAL = 1.96;

export function figure(rounds: readonly number[]): Figure {
  const count = rounds.length;
  const logs = rounds.map((one) => Math.log(one));
  const mean = logs.reduce((sum, one) => sum + one, 0) / count;
  const variance = logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (count - 1);
  const half = (STUDENT[count - 2] ?? NORMAL) * Math.sqrt(variance / count);
  return { mean: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half), rounds };
}
