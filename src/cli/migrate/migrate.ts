/**
 * This folder is for `leveret migrate`: its flags, and what it says. Here: one migration, from its arguments to its exit
 * code. What must hold: what went wrong is one line on standard error; nothing is changed anywhere by a trial.
 */
import { BrokerError } from '../../client/errors.js';
import { type Inventory, inventoryOf, reasonToLeave } from '../../migrate/inventory.js';
import { Migration } from '../../migrate/migration.js';
import { MigrationError, queueText } from '../../migrate/plan.js';
import type { QueueProgress } from '../../migrate/progress.js';
import { MigrationState } from '../../migrate/state.js';
import { ConfigurationError } from '../config/flags.js';
import { MIGRATE_HELP } from './help.js';
import { counted, printable, progressLine, progressObject, queueLine, queueObject, Rate, resultLine } from './lines.js';
import { type MigrateCommand, migrateCommand } from './options.js';

const EXIT = { OK: 0, USAGE: 1, LEFT: 2, UNAVAILABLE: 69 } as const;
/** To the start of the line, and what stands there goes. */
const CLEAR_LINE = '\r\u001b[2K';

/** What a migration says, and to whom. */
export interface MigrateEnds {
  out(text: string): void;
  error(text: string): void;
  /** Whether `out` is a terminal, where progress takes the place of what was said of it before. */
  readonly isTerminal: boolean;
  /** Has the migration end in order. */
  readonly signal: AbortSignal;
}

/** Resolves with the exit code. */
export async function runMigrate(args: readonly string[], ends: MigrateEnds): Promise<number> {
  try {
    const command = migrateCommand(args);
    if (command === null) {
      ends.out(MIGRATE_HELP);
      return EXIT.OK;
    }
    const inventory = await inventoryOf(command.plan);
    const speaker = new Speaker(command, ends);
    speaker.inventory(inventory);
    if (command.isDryRun) return EXIT.OK;
    return await move(command, inventory, speaker, ends.signal);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      ends.error(`leveret migrate: ${error.message} (try --help)\n`);
      return EXIT.USAGE;
    }
    if (error instanceof MigrationError) {
      ends.error(`leveret migrate: ${error.message}\n`);
      return EXIT.USAGE;
    }
    if (!(error instanceof BrokerError)) throw error;
    ends.error(`leveret migrate: ${error.message}; the same command goes on where it was\n`);
    return EXIT.UNAVAILABLE;
  }
}

async function move(
  command: MigrateCommand,
  inventory: Inventory,
  speaker: Speaker,
  signal: AbortSignal,
): Promise<number> {
  const { plan, isQuiet, interval } = command;
  const state = MigrationState.open(plan.state, plan.source, plan.target);
  const begun = performance.now();
  try {
    if (!plan.skipsDefinitions) await inventory.declare();
    const migration = new Migration(plan, state, {
      onQueue: (queue) => speaker.queue(queue),
      onTrouble: (line) => speaker.trouble(line),
    });
    const { progress } = migration;
    const rate = new Rate();
    const ticker = isQuiet ? undefined : setInterval(() => speaker.progress(progress, rate), interval);
    try {
      await migration.run(inventory.queues, signal);
    } finally {
      clearInterval(ticker);
    }
    speaker.result(progress, (performance.now() - begun) / 1000, signal.aborted);
    const isLeft = [...progress.queues.values()].some(({ state: one }) => one !== 'done');
    return isLeft && !plan.follows ? EXIT.LEFT : EXIT.OK;
  } finally {
    state.close();
  }
}

class Speaker {
  readonly #command: MigrateCommand;
  readonly #ends: MigrateEnds;
  /** A line of progress stands at the cursor. */
  #isOpen = false;

  constructor(command: MigrateCommand, ends: MigrateEnds) {
    this.#command = command;
    this.#ends = ends;
  }

  inventory({ queues, differences }: Inventory): void {
    const { isJson, isDryRun, isQuiet, plan } = this.#command;
    const moved = queues.filter((queue) => reasonToLeave(queue) === null);
    const ready = moved.some((queue) => queue.ready !== null)
      ? moved.reduce((sum, queue) => sum + (queue.ready ?? 0), 0)
      : null;
    if (isJson) {
      const names = queues.map((queue) => ({
        vhost: queue.vhost,
        name: queue.name,
        type: queue.type,
        ready: queue.ready,
        leftBecause: reasonToLeave(queue),
      }));
      this.#line(JSON.stringify({ event: 'inventory', dryRun: isDryRun, ready, differences, queues: names }));
      return;
    }
    for (const difference of differences) this.#line(printable(difference));
    if (!isQuiet || isDryRun)
      this.#line(
        `${counted(moved.length, 'queue')} to move${ready === null ? '' : `, with ${counted(ready, 'message')}`}`,
      );
    if (!isDryRun) return;
    for (const queue of queues) {
      const reason = reasonToLeave(queue);
      const what = reason === null ? counted(queue.ready ?? 0, 'message') : `left at the source: ${reason}`;
      this.#line(`  ${printable(queueText(queue))}: ${queue.ready === null && reason === null ? 'moved' : what}`);
    }
    if (plan.skipsDefinitions) this.#line('what is declared is not looked at (--skip-definitions)');
    this.#line('messages with an expiration begin to live anew at the target: what is left of it nobody tells');
    this.#line('nothing was changed (--dry-run)');
  }

  queue(queue: QueueProgress): void {
    const { isJson, isQuiet } = this.#command;
    if (isJson) this.#line(queueObject('queue', queue));
    else if (queue.state === 'left' || (!isQuiet && queue.moved + queue.repeated > 0)) this.#line(queueLine(queue));
  }

  trouble(line: string): void {
    if (this.#command.isJson) this.#line(JSON.stringify({ event: 'trouble', text: line }));
    else this.#ends.error(`${this.#isOpen ? CLEAR_LINE : ''}leveret migrate: ${printable(line)}\n`);
    this.#isOpen = false;
  }

  progress(progress: Migration['progress'], rate: Rate): void {
    const speed = rate.since(progress.total);
    if (this.#command.isJson) return this.#line(progressObject(progress, speed));
    const line = progressLine(progress, speed);
    if (!this.#ends.isTerminal) return this.#line(line);
    this.#ends.out(`${CLEAR_LINE}${line}`);
    this.#isOpen = true;
  }

  result(progress: Migration['progress'], seconds: number, isStopped: boolean): void {
    if (this.#command.isJson) this.#line(JSON.stringify({ event: 'result', ...progress.total, seconds, isStopped }));
    else this.#line(resultLine(progress, seconds, isStopped));
  }

  #line(text: string): void {
    this.#ends.out(`${this.#isOpen ? CLEAR_LINE : ''}${text}\n`);
    this.#isOpen = false;
  }
}
