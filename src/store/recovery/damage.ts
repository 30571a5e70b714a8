/**
 * What a damage is: something unfinished that was never promised, or something that was whole once. What must hold:
 * what is called unfinished was never promised; a batch is judged as a whole.
 */
import type { Hole } from '../log/careful-file.js';
import type { FoundFile } from '../log/log-set.js';
import type { Damage, Scanned } from '../log/scan.js';

/** Batches of the same writer around a file: the last one before it, and the first one behind it (infinity: none). */
export interface Neighbours {
  readonly before: number;
  readonly behind: number;
}

/** A damage, and what it is. */
export interface Judged extends Damage {
  /** torn: it was being written when the power went, and was never promised. corrupt: it was whole once. */
  readonly kind: 'torn' | 'corrupt';
}

/**
 * The damages of a file. What is gone of its end is one, if it is known where it ended, and what the device does not
 * give at a place where more may have lain.
 */
export function judged(
  { ended }: FoundFile,
  scanned: Scanned,
  neighbours: Neighbours,
  holes: readonly Hole[] = [],
): Judged[] {
  const { damages, end, lastHead } = scanned;
  const tail: Damage = { offset: end, octets: ended - end, batch: lastHead, start: startOf(scanned), inside: false };
  const found = end < ended ? [...damages.filter(({ inside }) => inside), tail] : damages;
  const behind = scanned.sealed ? [] : holes.filter((hole) => hole.offset >= end && !found.some(overlaps(hole)));
  const all = [...found, ...behind.map((hole) => ({ ...hole, batch: lastHead, start: hole.offset, inside: false }))];
  const isCorrupt = (damage: Damage): boolean =>
    damage.offset < ended || holes.some(overlaps(damage)) || !isUnfinished(damage, scanned, neighbours);
  const corrupt = new Set(all.filter(isCorrupt).map(({ start }) => start));
  return joined(all.map((damage) => ({ ...damage, kind: corrupt.has(damage.start) ? 'corrupt' : 'torn' })));
}

function overlaps(one: Hole): (other: Hole) => boolean {
  return ({ offset, octets }) => offset < one.offset + one.octets && one.offset < offset + octets;
}

/** One damage that hurt several batches is one. */
function joined(damages: readonly Judged[]): Judged[] {
  const out: Judged[] = [];
  for (const damage of damages) {
    const last = out.at(-1);
    const follows = last !== undefined && last.offset + last.octets === damage.offset && last.inside === damage.inside;
    if (follows && last.kind === 'corrupt' && damage.kind === 'corrupt')
      out[out.length - 1] = { ...last, octets: last.octets + damage.octets };
    else out.push(damage);
  }
  return out;
}

/** Where the batch begins that the file ends in, if something is missing at its end. */
function startOf({ damages, end }: Scanned): number {
  return damages.find(({ inside }) => !inside)?.start ?? end;
}

/**
 * Where nobody knows how the file ended. A batch is begun when the one before it is safe, and written again under its
 * number to another file when it failed: so a damage in the file's last batch was never promised, unless later ones
 * came.
 */
function isUnfinished(damage: Damage, scanned: Scanned, { before, behind }: Neighbours): boolean {
  const batch = damage.batch < 0 ? before + 1 : damage.batch;
  const isLast = Math.max(scanned.lastHead, before) <= batch;
  return isLast && (behind === Number.POSITIVE_INFINITY || behind <= batch);
}
