/**
 * What a JetStream stream promises, held against what a cluster's log needs. What must hold: weaker than needed is
 * weaker even when it cannot be found out; and a stream that loses messages by itself is never taken, whoever allows
 * it.
 */
import type { StreamConfig } from '@nats-io/jetstream';

export const REPLICAS = 3;

/** How a server brings to disk what it has acknowledged: `always`, at times (words), or null: it cannot be asked. */
export type SyncByServer = ReadonlyMap<string, string | null>;

export const SYNC_ALWAYS = 'always';

/** What a weaker stream lacks, and the cure, a line each. It may be used where that is allowed. */
export function weaknessesOf(config: StreamConfig, sync: SyncByServer): string[] {
  const weak: string[] = [];
  if (config.num_replicas < REPLICAS) {
    const cure = `nats stream edit ${config.name} --replicas ${REPLICAS}, in a cluster of ${REPLICAS} servers or more`;
    weak.push(`it has ${config.num_replicas} replicas, so that one machine's loss may lose all: ${cure}`);
  }
  if (config.storage !== 'file') {
    weak.push(`it is kept in memory, so that a loss of power loses it: delete it, and let it be made anew on disk`);
  }
  if (config.persist_mode === 'async') {
    weak.push(
      'its persist_mode is async, so that what is acknowledged is not on disk: delete it, and let it be made anew',
    );
  }
  return [...weak, ...syncWeaknesses(sync)];
}

function syncWeaknesses(sync: SyncByServer): string[] {
  const weak: string[] = [];
  const cure = 'set sync_interval: always in its jetstream block and restart it';
  for (const [server, how] of sync) {
    if (how !== null && how !== SYNC_ALWAYS) {
      weak.push(`the server ${server} syncs ${how}, so that a loss of power loses what was acknowledged: ${cure}`);
    }
  }
  const silent = [...sync].filter(([, how]) => how === null).map(([server]) => server);
  if (silent.length > 0) {
    const ask = 'give a login of the system account, or the addresses of the monitoring ports';
    weak.push(`whether ${silent.join(', ')} syncs before it acknowledges cannot be found out: ${ask}`);
  }
  return weak;
}

/** Why a stream cannot be used at all, and the cure, a line each. `subject`: what is to be appended to. */
export function faultsOf(config: StreamConfig, subject: string): string[] {
  const faults: string[] = [];
  const edit = (what: string) => `nats stream edit ${config.name} ${what}`;
  const anew = 'delete it, and let it be made anew';
  if (config.subjects?.length !== 1 || config.subjects[0] !== subject) {
    const subjects = config.subjects?.join(', ') || 'no subject';
    faults.push(
      `it takes ${subjects}, not ${subject} alone, so that others write to it: ${edit(`--subjects ${subject}`)}`,
    );
  }
  if (config.retention !== 'limits') faults.push(`its retention is ${config.retention}, not limits: ${anew}`);
  if (config.discard !== 'new') {
    faults.push(`it lets go of old messages when it is full (discard ${config.discard}): ${edit('--discard new')}`);
  }
  if (config.max_age > 0) faults.push(`it lets go of messages by their age: ${edit('--max-age 0')}`);
  if (config.max_msgs_per_subject > 0) {
    faults.push(
      `it keeps ${config.max_msgs_per_subject} messages of a subject alone: ${edit('--max-msgs-per-subject=-1')}`,
    );
  }
  if (config.deny_purge === true) faults.push(`it refuses to be purged, and would fill the disks: ${anew}`);
  if (config.sealed === true) faults.push(`it is sealed, and takes no message: ${anew}`);
  if (config.no_ack === true) faults.push(`it acknowledges nothing (no_ack): ${edit('--ack')}`);
  if (config.mirror !== undefined || (config.sources?.length ?? 0) > 0) {
    faults.push(`it takes messages of other streams: ${anew}`);
  }
  return faults;
}
