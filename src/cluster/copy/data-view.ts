/**
 * A view of a data directory that is written meanwhile. What must hold: the position is noted before the ends of files,
 * and these before the definitions, so that files have all before the position, and no file speaks of a queue that the
 * definitions have never heard of. Those that are behind the position say so, as in the directory itself.
 */
import { allOf, encodeChanges } from '../../store/definition-changes.js';
import type { Definitions, Followed } from '../../store/definitions.js';
import type { HeldFiles } from '../../store/log-manager.js';
import { type CopyView, DirectoryView } from './copy-view.js';
import { encodeFollowed, MADE } from './made-files.js';

export interface ViewedData {
  /** Of the data directory. */
  readonly path: string;
  readonly definitions: Pick<Definitions, 'list' | 'followed' | 'nextQueueId'>;
  readonly log: { readonly run: string; hold(): Promise<HeldFiles> };
}

export async function openDataView({ path, definitions, log }: ViewedData): Promise<CopyView> {
  const { position } = followedIn(definitions);
  const { ends, release } = await log.hold();
  try {
    const followed = followedIn(definitions);
    const changes = encodeChanges({ changes: allOf(definitions), nextQueueId: definitions.nextQueueId });
    const files = [...ends].map(([name, octets]) => ({ name: `log/${name}`, octets }));
    const made = [
      { name: MADE.definitions, octets: changes },
      { name: MADE.followed, octets: encodeFollowed({ ...followed, position }) },
    ];
    return new DirectoryView(path, log.run, position, files, made, async () => release());
  } catch (error) {
    release();
    throw error;
  }
}

function followedIn({ followed }: Pick<Definitions, 'followed'>): Followed {
  if (followed === null) throw new Error('it has not applied anything of the stream yet');
  return followed;
}
