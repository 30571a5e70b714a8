/**
 * The search over the runs of one scenario: those where all stop at one place; all with no preemption, with one, with
 * two, as far as half of the time goes; then by priorities from seeds. A preemption of which nothing comes is not built
 * upon: what the others did before the participant went on did not meet the access before which it had stopped, so the
 * same is tried by a stop at its next one. What fails is made again with fewer preemptions, if it fails with them, too.
 */
import { Fault, IDLE } from './fault.js';
import type { Machine } from './machine.js';
import type { Prepared } from './prepared.js';
import { NoRun, Run, type Strategy } from './run.js';
import { AtPlace, type Deviation, Prefix, Priorities } from './strategies.js';
import { Words } from './words.js';

export interface Failure {
  readonly message: string;
  /** The places at which somebody else went on. */
  readonly schedule: readonly Deviation[];
  /** So many parts of its program each participant plays; Infinity: all of them. */
  readonly limits?: readonly number[];
  /** The seed of the priorities that found it; 0: it was found in order. */
  readonly seed: number;
}

export interface Found {
  /** Runs, and how many of them differed in what they did to each other. */
  schedules: number;
  states: number;
  /** All schedules with so many preemptions were tried; −1: not even those without any. */
  bound: number;
  seeds: number;
  /** All schedules there are were tried, however many preemptions they have. */
  complete: boolean;
  failure: Failure | null;
}

export interface Budget {
  /** Runs at most, and until when (ms of `performance.now`). */
  readonly schedules: number;
  readonly until: number;
  /** Of these, runs in order; the rest is by priorities. */
  readonly inOrder?: number;
  readonly boundMost?: number;
  /** False: memory is sequentially consistent. */
  readonly isWeak?: boolean;
  readonly seed: number;
}

const CHANGES_MOST = 5;
/** Programs have no more parts. */
const PARTS_MOST = 4;
/** So much of a message says of which kind it is. */
const ALIKE = 40;

export class Search {
  readonly words: Words;
  readonly #states = new Set<number>();
  #baseline: string | null = null;
  #points = 0;
  #isWeak = true;
  /** The last run was none. */
  #isNone = false;
  #limits: readonly number[] = [];
  /** What the last run with no deviation but by chance did. */
  #last: Run | null = null;

  constructor(
    readonly machine: Machine,
    readonly prepared: Prepared,
    readonly apart?: string | null | undefined,
  ) {
    this.words = new Words(machine.participants.length, machine.epochWords());
    machine.save();
  }

  explore(budget: Budget): Found {
    this.#isWeak = budget.isWeak ?? true;
    const found: Found = { schedules: 0, states: 0, bound: -1, seeds: 0, complete: false, failure: null };
    found.failure = this.#eachFirst(found);
    // Until nothing more is learned of who meets whom.
    for (let anew = true; anew && this.#goesOn(found, budget); ) {
      const before = found.schedules;
      found.failure = this.#run([], found);
      anew = this.words.grew && found.failure === null && before !== found.schedules;
    }
    this.#atEachPlace(found, budget);
    const half = (performance.now() + budget.until) / 2;
    const inOrder = { ...budget, schedules: budget.inOrder ?? budget.schedules / 2, until: half };
    for (let bound = 0; bound <= (budget.boundMost ?? 6) && this.#goesOn(found, inOrder); bound++) {
      if (!this.#bounded(bound, found, inOrder)) break;
      found.bound = bound;
      if (found.complete) break;
    }
    while (!found.complete && this.#goesOn(found, budget)) {
      found.seeds += 1;
      this.#byPriorities(budget.seed + found.seeds, found);
    }
    found.states = this.#states.size;
    const shared = this.words.isSharedBy(2);
    if (this.apart !== null && found.failure === null && found.bound >= 0 && shared === (this.apart !== undefined)) {
      const message = shared ? `they meet, though ${this.apart}` : 'its participants share no word: they do not meet';
      found.failure = { message, schedule: [], seed: 0 };
    }
    return found;
  }

  /** Whoever goes first has done its work. */
  #eachFirst(found: Found): Failure | null {
    for (const to of this.prepared.working) {
      this.#states.clear();
      const schedule = [{ at: -1, accesses: 0, to, able: false }];
      const message = this.#play(new Prefix(schedule), found);
      if (message !== null) return { message, schedule, seed: 0 };
      if (this.prepared.idle().includes(to))
        return { message: `participant ${to} goes first and ${IDLE}`, schedule, seed: 0 };
    }
    // With what is known now of who touches what.
    this.#states.clear();
    return null;
  }

  #goesOn(found: Found, budget: Budget): boolean {
    return found.failure === null && found.schedules < budget.schedules && performance.now() < budget.until;
  }

  /** All stop at each place at which anybody can. */
  #atEachPlace(found: Found, budget: Budget): void {
    const places = new Set<number>();
    const plays = (strategy: Strategy) =>
      this.#play(strategy, found, (run) => {
        run.places = places;
      });
    if (!this.#goesOn(found, budget) || plays(new Prefix([])) !== null) return;
    // Iteration goes on with what is found meanwhile.
    for (const site of places) {
      for (const lastFirst of [false, true]) {
        if (!this.#goesOn(found, budget)) return;
        const message = plays(new AtPlace(site, lastFirst));
        if (message !== null) found.failure = this.#failed(message, 0);
      }
    }
  }

  /** The last run has failed, as something that can be made again. */
  #failed(message: string, seed: number): Failure {
    return { ...this.#shrunk((this.#last as Run).deviations, message), seed };
  }

  /** All with at most `bound` preemptions; false: there was no time for all of them. */
  #bounded(bound: number, found: Found, budget: Budget): boolean {
    const open: Deviation[][] = [[]];
    let cut = false;
    this.words.learned = false;
    for (let prefix = open.pop(); prefix !== undefined; prefix = open.pop()) {
      if (!this.#goesOn(found, budget)) return false;
      const further: Deviation[] = [];
      found.failure = this.#run(prefix, found, further);
      const spent = prefix.filter(({ able }) => able).length;
      // The last are taken first.
      further.sort((a, b) => Number(a.urgent) - Number(b.urgent));
      for (const deviation of further) {
        if (spent + (deviation.able ? 1 : 0) <= bound) open.push([...prefix, deviation]);
        else cut = true;
      }
    }
    // Runs before did not stop where it is known only now that two meet.
    if (this.words.learned) return this.#bounded(bound, found, budget);
    found.complete = !cut && found.failure === null;
    return found.failure === null;
  }

  /** One run; what could be done after it, if it was worth it. */
  #run(deviations: readonly Deviation[], found: Found, further?: Deviation[]): Failure | null {
    const last = deviations.at(-1);
    let run: Run | null = null;
    const strategy = new Prefix(deviations, (deviation) => {
      if (run !== null && deviation.able) run.watch(deviation);
    });
    const message = this.#play(strategy, found, (made) => {
      run = made;
    });
    if (message !== null) return { ...this.#shrunk(deviations, message), seed: 0 };
    const vain = this.#isNone || (last?.able === true && !(run as Run | null)?.met);
    if (further !== undefined && strategy.isPlayed && !vain) further.push(...strategy.further);
    return null;
  }

  #byPriorities(seed: number, found: Found): void {
    const changes = seed % CHANGES_MOST;
    const strategy = new Priorities(seed, this.prepared.roles, changes, this.#points);
    const message = this.#play(strategy, found);
    if (message !== null) found.failure = this.#failed(message, seed);
  }

  /** Plays one run and looks at what it left; what is wrong, or null. */
  #play(strategy: Strategy, found: Found | null, made: (run: Run) => void = () => {}): string | null {
    const { machine, words, prepared } = this;
    machine.restore();
    const run = new Run(machine, words, prepared.programs(), strategy, this.#isWeak, this.#limits);
    this.#last = run;
    made(run);
    if (found !== null) found.schedules += 1;
    this.#isNone = false;
    try {
      run.lookAtDoorbells(prepared.doorbells);
      run.play();
      this.#points = Math.max(this.#points, run.points);
      if (this.#states.has(words.trace)) return null;
      this.#states.add(words.trace);
      const left = prepared.check();
      this.#baseline ??= left;
      if (left !== this.#baseline) throw new Fault(`memory: ${left}, and without preemptions: ${this.#baseline}`);
      return null;
    } catch (error) {
      if (error instanceof NoRun) {
        if (found !== null) found.schedules -= 1;
        this.#isNone = true;
        return null;
      }
      // A trap, a fault, or whatever the clients could not read.
      if (!(error instanceof Error)) throw error;
      return messageOf(error);
    }
  }

  /** With fewer operations, and then with fewer deviations, as long as it fails in the same way. */
  #shrunk(deviations: readonly Deviation[], message: string): Omit<Failure, 'seed'> {
    const baseline = this.#baseline;
    const limits = new Array<number>(this.prepared.roles).fill(Number.POSITIVE_INFINITY);
    // Who does nothing is not to be left out for that.
    if (!message.includes(IDLE)) {
      for (const one of limits.keys()) {
        for (let limit = 0; limit < PARTS_MOST; limit++) {
          const fewer = limits.with(one, limit);
          const schedule = deviations.filter(({ at, to }) => at < 0 || (fewer[at] !== 0 && fewer[to] !== 0));
          if (!isAlike(this.replay(schedule, fewer), message)) continue;
          limits[one] = limit;
          break;
        }
      }
    }
    const left = deviations.filter(({ at, to }) => at < 0 || (limits[at] !== 0 && limits[to] !== 0));
    const schedule = this.#shrink(left, message, limits);
    const told = this.replay(schedule, limits) ?? message;
    this.#limits = [];
    this.#baseline = baseline;
    return { message: told, schedule, limits };
  }

  /** Leaves deviations out as long as it fails. */
  #shrink(deviations: readonly Deviation[], message: string, limits: readonly number[]): Deviation[] {
    let shortest = [...deviations];
    for (let i = shortest.length - 1; i >= 0; i--) {
      const shorter = shortest.filter((_, at) => at !== i);
      if (isAlike(this.replay(shorter, limits), message)) shortest = shorter;
    }
    return shortest;
  }

  /** Plays a schedule; what is wrong, or null. */
  replay(schedule: readonly Deviation[], limits: readonly number[] = []): string | null {
    this.#limits = limits;
    // What memory is left in use without preemptions.
    this.#baseline = null;
    this.#play(new Prefix([]), null);
    this.#states.clear();
    for (const { words } of schedule) for (const word of words ?? []) this.words.setRacy(word);
    for (const { coming } of schedule) if (coming) this.words.noteWritten(coming.word, coming.value, -1);
    return this.#play(new Prefix(schedule), null);
  }
}

/** Whether two runs have failed in the same way, whatever numbers they tell. */
function isAlike(one: string | null, other: string): boolean {
  const kind = (message: string): string => message.replaceAll(/[0-9a-f]*\d[0-9a-f]*/g, '#').slice(0, ALIKE);
  return one !== null && kind(one) === kind(other);
}

/** A trap with the functions in which it happened. */
function messageOf(error: Error): string {
  if (!(error instanceof WebAssembly.RuntimeError)) return error.message;
  const functions = (error.stack ?? '')
    .split('\n')
    .slice(1, 6)
    .map((line) => /at (\S+)/.exec(line)?.[1] ?? '?');
  return `trap: ${error.message} in ${functions.join(' < ')}`;
}
