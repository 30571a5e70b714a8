/**
 * Takes a data directory out of its cluster, on purpose and for good: a broker of its own may serve from it then. What
 * must hold: nobody has it meanwhile; all that it holds stays.
 */
import { DataDirectory } from './data-directory.js';
import { Definitions } from './definitions.js';

/**
 * Resolves with the message of the stream up to which it has all; null: it was in no cluster. What its node had begun to
 * write behind that, and not ended in order, may be there in part.
 */
export async function leaveCluster(path: string): Promise<number | null> {
  const data = await DataDirectory.open(path);
  try {
    const definitions = Definitions.open(data.definitionsPath);
    try {
      const { followed } = definitions;
      if (followed === null) return null;
      await definitions.change([], null);
      return followed.position.sequence;
    } finally {
      await definitions.close();
    }
  } finally {
    data.close();
  }
}
