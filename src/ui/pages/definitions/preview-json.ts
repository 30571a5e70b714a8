/** What an import of definitions would do, as the API tells it. */
import { call, pathOf, withQuery } from '../../api/client.js';

export type Action = 'added' | 'changed' | 'same' | 'kept' | 'left_out';

export interface Change {
  readonly section: string;
  /** In the file: `queues[3]`. */
  readonly place: string;
  readonly name: string;
  readonly vhost: string | null;
  readonly action: Exclude<Action, 'same'>;
  readonly fields: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
  readonly reason: string | null;
}

export interface Preview {
  readonly valid: boolean;
  readonly faults: readonly { readonly place: string; readonly reason: string }[];
  readonly faults_untold: number;
  readonly counts: Readonly<Record<string, Readonly<Record<Action, number>>>>;
  readonly changes: readonly Change[];
  readonly changes_untold: number;
  readonly notes: readonly string[];
}

/** Each action, and what it means. */
export const ACTIONS: readonly (readonly [Action, string, string])[] = [
  ['added', 'added', 'It is not there, and will be.'],
  ['changed', 'changed', 'It is there, and will be as the file says.'],
  ['same', 'the same', 'It is there as the file says: nothing happens.'],
  ['kept', 'kept', 'It is there and is something else: it stays as it is. Delete it before, if the file is right.'],
  ['left_out', 'left out', 'It cannot be: what it needs is neither there nor in the file.'],
];

/** `topic_permissions` as people read it. */
export function sectionName(section: string): string {
  return section.replaceAll('_', ' ');
}

function addressOf(vhost: string | null): string {
  return vhost === null ? '/api/definitions' : pathOf('/api/definitions', vhost);
}

/** `vhost` null: as the file says. */
export function previewOf(file: Blob, vhost: string | null): Promise<Preview> {
  return call('POST', withQuery(addressOf(vhost), { dry_run: true }), file);
}

export function importFile(file: Blob, vhost: string | null): Promise<void> {
  return call('POST', addressOf(vhost), file);
}

export function exportPath(vhost: string | null): string {
  return addressOf(vhost);
}
