/**
 * `leveret log DIR`: what the log of a data directory holds, every checksum verified; with `--check` what is wrong with
 * it, and what to do. What must hold: it changes nothing; the exit code says whether something is damaged, so that a
 * script can ask.
 */

import { openForInspection } from '../store/data-directory.js';
import { DataDirectoryError } from '../store/data-directory-error.js';
import { CheckCode, check } from '../store/recovery/check.js';
import { type Inspection, inspectionText, inspectLogs } from '../store/recovery/inspect.js';

export async function printLog(path: string, isCheck: boolean): Promise<void> {
  try {
    const data = await openForInspection(path);
    try {
      const inspection = await inspectLogs(data.log);
      process.exitCode = isCheck ? printCheck(inspection, data.used) : printAll(inspection, data.used);
    } finally {
      data.close();
    }
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error;
    process.stderr.write(`leveret: ${error.message}\n`);
    process.exitCode = isCheck ? CheckCode.UNKNOWN : 1;
  }
}

function printAll(inspection: Inspection, used: boolean): number {
  if (used) process.stdout.write('a broker is using it: what it is writing now looks unfinished here\n');
  process.stdout.write(inspectionText(inspection));
  const damaged = inspection.gone.length > 0 || inspection.files.some(({ damages }) => damages.length > 0);
  return damaged && !used ? 1 : 0;
}

function printCheck(inspection: Inspection, used: boolean): number {
  const { code, lines } = check(inspection, used);
  process.stdout.write(`${lines.join('\n')}\n`);
  return code;
}
