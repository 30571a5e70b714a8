/**
 * What an operator must know of a recovery, in words: damage, and what is lost by it.
 */
import type { RecoveryReport } from './recovery.js';

export function recoveryNotices({ damaged, missing, lost, unknown }: Omit<RecoveryReport, 'notices'>): string[] {
  const lines = damaged
    .filter(({ kind }) => kind !== 'torn')
    .map(({ file, offset, octets, kind, quarantine }) => {
      const gone = kind === 'copy' ? 'it is mended from its copy' : 'they are missing';
      const kept = quarantine === null ? gone : `what lay there is kept in ${quarantine}`;
      return `damage in log file ${file} at ${offset}, ${octets} octets; ${kept}`;
    });
  for (const { file, batches } of missing) lines.push(`log file ${file} lacks ${batches} batches that it once had`);
  if (unknown.messages > 0)
    lines.push(`${unknown.messages} messages of ${unknown.queues} queues that the definitions do not know are let go`);
  if (lost.length > 0) lines.push(`${lost.length} messages are lost to damage`);
  return lines;
}
