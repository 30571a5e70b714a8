/**
 * This folder is for `leveret perf`: its flags, and what it says. Here: one run, from its arguments to its exit code. What
 * must hold: the result goes to standard output, what went wrong is one line on standard error.
 */
import { writeFileSync } from 'node:fs';
import { BrokerError } from '../../client/errors.js';
import { chartOf } from '../../perf/report/chart.js';
import { resultText, sampleLine } from '../../perf/report/lines.js';
import { type Report, reportOf } from '../../perf/report/report.js';
import { run } from '../../perf/run.js';
import { ConfigurationError } from '../config/flags.js';
import { PERF_HELP } from './help.js';
import { type PerfCommand, perfCommand } from './options.js';

const EXIT = { OK: 0, USAGE: 1, NOTHING_CAME: 2, UNAVAILABLE: 69 } as const;

/** What a run says, and to whom. */
export interface PerfEnds {
  out(text: string): void;
  error(text: string): void;
  /** Has the run end in order. */
  readonly signal: AbortSignal;
}

/** Resolves with the exit code. */
export async function runPerf(args: readonly string[], ends: PerfEnds): Promise<number> {
  try {
    const command = perfCommand(args);
    if (command === null) {
      ends.out(PERF_HELP);
      return EXIT.OK;
    }
    return await measure(command, ends);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      ends.error(`leveret perf: ${error.message} (try --help)\n`);
      return EXIT.USAGE;
    }
    if (!(error instanceof BrokerError)) throw error;
    ends.error(`leveret perf: ${error.message}\n`);
    return EXIT.UNAVAILABLE;
  }
}

async function measure({ plan, isJson, isQuiet, chart }: PerfCommand, ends: PerfEnds): Promise<number> {
  const say = isJson ? ends.error : ends.out;
  const outcome = await run(
    plan,
    { onSample: (sample) => void (isQuiet || say(`${sampleLine(sample, plan)}\n`)) },
    ends.signal,
  );
  const report = reportOf(plan, outcome);
  ends.out(isJson ? `${JSON.stringify(report, null, 1)}\n` : resultText(report));
  if (chart !== null) draw(chart, report);
  if (report.failure !== null) {
    ends.error(`leveret perf: ${report.failure}\n`);
    return EXIT.UNAVAILABLE;
  }
  const { count } = plan.consumers > 0 ? report.consumed : report.published;
  if (count > 0) return EXIT.OK;
  ends.error(`leveret perf: no message was ${plan.consumers > 0 ? 'consumed' : 'published'}\n`);
  return EXIT.NOTHING_CAME;
}

function draw(path: string, report: Report): void {
  try {
    writeFileSync(path, chartOf(report));
  } catch (error) {
    throw new ConfigurationError(
      `--chart cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
