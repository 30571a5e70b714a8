/**
 * Lives in a row, each on what an end of the one before left: an orderly one, the process killed, or the power lost at
 * any moment. At many moments it is looked at what a loss of power would leave: by a start, by one more when that start
 * was cut short, and by the next ones after it.
 */
import { parseFileName } from '../../../dist/log/record-format.js';
import type { LogManager } from '../../../dist/store/log-manager.js';
import type { LogDirectory } from '../../../src/store/log/log-directory.js';
import { openLogManager, readLog, reportOf } from '../support/logs.js';
import { readSource, type SeenEntry } from '../support/messages.js';
import { type Random, randomFrom, SimulatedDirectory, systemError } from '../support/simulated.js';
import { DEFINITIONS, readDefinitions } from './definitions.js';
import { BREAKS, FILE_OCTETS, Life, pass } from './life.js';
import { type Found, Model } from './model.js';

const LIVES = 4;
const STEPS = 40;
/** Starts in order, and octets that a log without messages may have after them. */
const RESTARTS = 6;
const EMPTY_OCTETS = 120_000;

export interface Outcome {
  readonly points: number;
  readonly lives: number;
  /** Points that were looked at again after a start that was cut short. */
  readonly again: number;
  /** Writes that a thread itself has waited for. */
  readonly waits: number;
  /** Null: no promise was broken. */
  readonly broken: string | null;
}

interface Loss {
  readonly directory: SimulatedDirectory;
  readonly model: Model;
}

/** Goes on until so many points were looked at, or a promise is broken. */
export async function simulate(points: number, seed: number, onRun?: (points: number) => void): Promise<Outcome> {
  let run = seed;
  const sum = { points: 0, lives: 0, again: 0, waits: 0 };
  for (; sum.points < points; run++) {
    const one = new Run(run);
    const broken = await one.play().catch((error: Error) => `${error.stack}`);
    sum.points += one.points;
    sum.lives += one.lives;
    sum.again += one.again;
    sum.waits += one.waits;
    if (broken !== null) return { ...sum, broken: `seed ${run}, life ${one.lives}: ${broken}` };
    onRun?.(sum.points);
  }
  return { ...sum, broken: null };
}

/** Works for long without an end, then takes all: what is wrong with what is left, if anything. */
export async function simulateOneLongLife(seed: number, steps: number): Promise<string | null> {
  const directory = new SimulatedDirectory();
  const model = new Model();
  const life = await Life.start(directory, model, randomFrom(seed), 0);
  for (let step = 0; step < steps; step++) await life.step();
  await life.drain();
  const octets = logOctets(directory);
  if (octets > EMPTY_OCTETS) return `a log without messages has ${octets} octets`;
  await life.close();
  return model.broken(await find(directory, 0));
}

class Run {
  points = 0;
  lives = 0;
  again = 0;
  waits = 0;
  readonly #random: Random;
  /** How likely a write or sync fails. */
  readonly #faults: number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    this.#faults = this.#random() < 0.6 ? 0 : 0.03;
  }

  async play(): Promise<string | null> {
    let directory = new SimulatedDirectory();
    let model = new Model();
    for (; this.lives < LIVES; this.lives++) {
      const left = await this.#live(directory, model);
      if (typeof left === 'string') return left;
      directory = left.directory;
      model = left.model;
      const found = await find(directory.copy(), this.#faults);
      const wrong = model.broken(found);
      if (wrong !== null) return wrong;
      model.adopt(found);
    }
    return this.#growth(directory, model);
  }

  /** One life; what its end leaves, or what is wrong with something that it might have left. */
  async #live(directory: SimulatedDirectory, model: Model): Promise<Loss | string> {
    const random = this.#random;
    const losses: Loss[] = [];
    const rate = 0.2 + random() * 0.6;
    const life = await Life.start(directory, model, random, this.#faults);
    let hasFailed = false;
    let failed: Loss | null = null;
    directory.onCall = (call) => {
      // The process may be killed when a sync has just failed: then the system shows what the disk does not have.
      if (hasFailed && random() < 0.2) failed = { directory: directory.kill(), model: model.copy() };
      hasFailed = false;
      if (call !== 'read' && call !== 'open' && call !== 'list' && random() < rate) {
        losses.push({ directory: directory.powerLoss(random), model: model.copy() });
      }
      try {
        life.disturb(call);
      } catch (error) {
        hasFailed = call === 'sync';
        throw error;
      }
    };
    for (let step = 0; step < STEPS; step++) await life.step();
    const mood = random();
    if (mood < 0.5) await life.close();
    const last = { directory: mood < 0.75 ? directory.kill() : directory.powerLoss(random), model: model.copy() };
    this.waits += directory.waits;
    life.abandon();
    await pass();
    for (const [index, loss] of losses.entries()) {
      this.points += 1;
      const wrong = await this.#look({ directory: loss.directory, model: loss.model.copy() });
      if (wrong !== null) return `point ${index} of ${losses.length}: ${wrong}`;
    }
    if (failed !== null && random() < 0.7) return failed;
    // Looking has put the directories of the others in order.
    return last;
  }

  /** Starts once, and in some way again. */
  async #look({ directory, model }: Loss): Promise<string | null> {
    const random = this.#random;
    if (random() < 0.03) return this.#withoutDefinitions(directory, model);
    if (random() < 0.08) await this.#failedStart(directory);
    const cut: SimulatedDirectory[] = [];
    directory.onCall = (call) => {
      if (call !== 'read' && call !== 'open' && call !== 'list' && random() < 0.02)
        cut.push(directory.powerLoss(random));
    };
    const first = await find(directory, this.#faults);
    directory.onCall = () => undefined;
    const wrong = model.broken(first);
    if (wrong !== null) return wrong;
    for (const again of cut.slice(0, 2)) {
      this.again += 1;
      const later = model.broken(await find(again, this.#faults));
      if (later !== null) return `after a start that was cut short: ${later}`;
    }
    const mood = random();
    if (mood > 0.45) return null;
    const adopted = model.copy();
    adopted.adopt(first);
    if (mood > 0.25) return said('at the second start', adopted.broken(await find(directory, this.#faults)));
    return said('after an orderly end', await this.#orderly(directory, adopted));
  }

  /** A start that clears away what it can, and ends in order. */
  async #orderly(directory: SimulatedDirectory, model: Model): Promise<string | null> {
    const { queues } = await readDefinitions(directory);
    const known = new Set(queues.values());
    const logManager = await openLogManager(directory, {
      exists: (number) => known.has(number),
      fileOctets: FILE_OCTETS,
      breaks: BREAKS,
      waste: { small: 1 << 20, dead: 0 },
    });
    for (let i = 0; i < 3; i++) await logManager.reclaim();
    await logManager.close(new Map());
    return model.broken(await find(directory, 0));
  }

  /** A start that cannot read all: it must not change what the next one finds. */
  async #failedStart(directory: SimulatedDirectory): Promise<void> {
    const clean = directory.files().has('clean');
    const { onCall } = directory;
    const failing = directory.calls + 2 + Math.floor(this.#random() * 30);
    let failed = false;
    directory.onCall = (call) => {
      if (call !== 'read' || (!failed && directory.calls < failing)) return;
      failed = true;
      throw systemError('EIO');
    };
    await find(directory, this.#faults).catch(() => undefined);
    directory.onCall = onCall;
    if (clean && !directory.files().has('clean')) throw new Error('a start that failed took the clean-shutdown marker');
  }

  /** The definitions are gone: no message may go with them. */
  async #withoutDefinitions(directory: SimulatedDirectory, model: Model): Promise<string | null> {
    const before = await find(directory.copy(), this.#faults);
    const wrong = model.broken(before);
    if (wrong !== null || !directory.files().has(DEFINITIONS)) return wrong;
    const messages = [...before.queues.values()].some(({ length }) => length > 0);
    await directory.remove(DEFINITIONS);
    const refused = await find(directory, this.#faults).then(
      () => false,
      () => true,
    );
    return messages && !refused ? 'the definitions are gone, and the messages with them' : null;
  }

  /** However often it is started and ended, a log without messages does not grow. */
  async #growth(directory: SimulatedDirectory, model: Model): Promise<string | null> {
    let wrong: string | null = null;
    for (let i = 0; i < RESTARTS && wrong === null; i++) {
      const life = await Life.start(directory, model, this.#random, 0);
      await life.drain();
      await life.close();
      const found = await find(directory, 0);
      wrong = model.broken(found);
      model.adopt(found);
    }
    const octets = logOctets(directory);
    if (wrong === null && octets > EMPTY_OCTETS) return `a log without messages has ${octets} octets`;
    return said('while a log is ended in order again and again', wrong);
  }
}

function logOctets(directory: SimulatedDirectory): number {
  return [...directory.files()]
    .filter(([name]) => parseFileName(name) !== null)
    .reduce((sum, [, { length }]) => sum + length, 0);
}

function said(when: string, wrong: string | null): string | null {
  return wrong === null ? null : `${when}: ${wrong}`;
}

/** Starts, and looks at all that is there. */
async function find(directory: SimulatedDirectory, faults: number): Promise<Found> {
  const defined = await readDefinitions(directory);
  const known = new Set(defined.queues.values());
  const logManager = await openedFor(directory, known, defined.next);
  const queues = new Map<number, SeenEntry[]>();
  const next = new Map<number, number>();
  for (const { id, source, next: behind } of logManager.queues) {
    next.set(id, behind);
    const entries = await readSource(source);
    if (entries.length > 0) queues.set(id, entries);
  }
  const { clean } = logManager;
  const report = reportOf(logManager);
  // What a failing device leaves of a file that was given up can look like anything, until the log is ended in order.
  const isTold = faults === 0 || clean;
  // A head that was being written cannot be told from one that was damaged later: that a file never came to be is told,
  // too.
  const damaged = report.damaged.filter(({ kind }) => kind === 'corrupt' || (kind !== 'torn' && clean));
  const told = [
    ...(damaged.length > 0 && isTold ? [`an unfinished write was taken for damage: ${JSON.stringify(damaged)}`] : []),
    ...(report.lost.length > 0 && isTold ? [`messages were missed: ${JSON.stringify(report.lost)}`] : []),
    ...(report.missing.length > 0 ? [`batches were missed: ${JSON.stringify(report.missing)}`] : []),
  ];
  return { clean, defined, queues, next, told };
}

function openedFor(log: LogDirectory, known: ReadonlySet<number>, next: number): Promise<LogManager> {
  return readLog(log, {
    exists: (number) => known.has(number),
    isUnknown: (number) => number >= next,
    fileOctets: FILE_OCTETS,
    breaks: BREAKS,
  });
}
