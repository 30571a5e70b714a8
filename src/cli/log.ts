/**
 * `leveret log DIR`: what the log of a data directory holds, every checksum verified. What must hold: it changes nothing; exit code 1 when something
 * is damaged, so that a script can ask.
 */
import { DataDirectoryError, openForInspection } from '../store/data-directory.js';
import { inspectionText, inspectLogs } from '../store/inspect.js';

export async function printLog(path: string): Promise<void> {
  try {
    const data = await openForInspection(path);
    try {
      const inspection = await inspectLogs(data.log);
      if (data.used) process.stdout.write('a broker is using it: what it is writing now looks unfinished here\n');
      process.stdout.write(inspectionText(inspection));
      const damaged = inspection.gone.length > 0 || inspection.files.some(({ damages }) => damages.length > 0);
      if (!data.used && damaged) process.exitCode = 1;
    } finally {
      data.close();
    }
  } catch (error) {
    if (!(error instanceof DataDirectoryError)) throw error;
    process.stderr.write(`leveret: ${error.message}\n`);
    process.exitCode = 1;
  }
}
