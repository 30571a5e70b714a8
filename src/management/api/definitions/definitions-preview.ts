/**
 * What an import of definitions would do, before it is done: all that is wrong with the file, by its place, and each
 * change. What must hold: nothing is changed; the broker thread, which serves clients, does none of the work; however
 * long the file is, the answer is not.
 */
import {
  ACTIONS,
  type Action,
  type Compared,
  compared,
  type There,
} from '../../../broker/definitions-file/comparison.js';
import type { DefinitionsFile } from '../../../broker/definitions-file/entries.js';
import { DefinitionsError, Faults } from '../../../broker/definitions-file/fields.js';
import { checkFits } from '../../../broker/definitions-file/fits.js';
import { presentIn } from '../../../broker/definitions-file/present.js';
import { readDefinitions } from '../../../broker/definitions-file/read-file.js';
import { Limits } from '../../../broker/policies/limits.js';
import { DEFAULT_VHOST } from '../../../broker/requests/names.js';
import type { JsonObject } from '../../http/listings.js';
import { Turns } from '../../http/turns.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { definedNow } from './defined.js';

/** So many changes of each kind of thing are told one by one; all are counted. */
const TOLD = 500;

type Counts = Record<string, Record<Action, number>>;

export async function previewOf(broker: ManagedBroker, text: string, vhost: string | undefined): Promise<JsonObject> {
  const faults = new Faults();
  const file = read(text, vhost, faults);
  const there = await definedNow(broker, broker.view.vhosts(), true);
  if (file !== null) checkFits(file, presentIn(broker.view, limitsOf(broker, there)), (fault) => faults.add(fault));
  const told = file === null ? { counts: {}, changes: [], untold: 0 } : await changesOf(compared(file, there));
  return {
    valid: faults.found.length === 0,
    faults: faults.found.map(({ place, reason }) => ({ place, reason })),
    faults_untold: faults.untold,
    counts: told.counts,
    changes: told.changes,
    changes_untold: told.untold,
    notes: file?.notes ?? [],
  };
}

/** Null: the text is no file of definitions at all. */
function read(text: string, vhost: string | undefined, faults: Faults): DefinitionsFile | null {
  try {
    return readDefinitions(text, vhost === undefined ? { unnamed: DEFAULT_VHOST } : { all: vhost }, faults);
  } catch (error) {
    if (!(error instanceof DefinitionsError)) throw error;
    faults.add(error);
    return null;
  }
}

/** The limits as the coordinator has them: this thread reads them where they are told. */
function limitsOf({ view, limits: node }: ManagedBroker, there: There): Limits {
  const limits = new Limits(node());
  for (const vhost of view.vhosts()) limits.set('vhost', vhost, there.limits.of('vhost', vhost));
  return limits;
}

async function changesOf(
  all: Iterable<Compared>,
): Promise<{ readonly counts: Counts; readonly changes: readonly JsonObject[]; readonly untold: number }> {
  const turns = new Turns();
  const counts: Counts = {};
  const changes: JsonObject[] = [];
  const toldOf = new Map<string, number>();
  let untold = 0;
  for (const { section, place, name, vhost, action, fields, reason } of all) {
    if (turns.isOver) await turns.next();
    counts[section] ??= Object.fromEntries(ACTIONS.map((one) => [one, 0])) as Record<Action, number>;
    counts[section][action] += 1;
    if (action === 'same') continue;
    const told = toldOf.get(section) ?? 0;
    if (told === TOLD) untold += 1;
    else {
      toldOf.set(section, told + 1);
      changes.push({ section, place, name, vhost, action, fields: fields.map((one) => ({ ...one })), reason });
    }
  }
  return { counts, changes, untold };
}
