/**
 * Batches: what a participant has recorded since the batch before, to be written together. A batch names the octets of
 * messages where they lie, in ranges, and its parts of the journal; each range and part keeps its segment until the
 * batch is done, whatever becomes of the messages meanwhile. Ownership: the participant's alone, as are all batches
 * that it has taken and not done.
 *
 * Batch, a cell  0 │ Batch
 *               64 │ parts of the journal { from u32, length u32 }
 */
import { appendPromised, Fifo, FifoPage, freeFifo } from '../memory/fifo';
import { holdSegment, releaseFrom } from '../memory/message';
import { SEGMENT, self } from '../memory/root';
import { CELL, giveCell, takeCell } from '../memory/units';
import { stamp } from './record';

@unmanaged export class Batch {
  // The host reads the first four.
  number: u32;
  /** Of all records. */
  octets: u32;
  messages: u32;
  messageOctets: u32;
  parts: u32;
  /** Ranges of messages and pieces, the last of them, and how many: a Fifo of Range. */
  rangeFirst: u32;
  rangeLast: u32;
  lastRange: u32;
  ranges: u32;
  /** Confirms that wait for it: a Fifo (amqp/receiving/confirm.ts). */
  heldFirst: u32;
  heldLast: u32;
}

@unmanaged export class Range {
  from: u32;
  length: u32;
}
const RANGE: u32 = offsetof<Range>();
const PARTS: u32 = 64;
/** Parts of the journal in one batch, at most: that is so many MiB of records. */
const PARTS_MAX: u32 = (CELL - PARTS) / RANGE;

@inline function rangesOf(batch: Batch): Fifo {
  return changetype<Fifo>(changetype<usize>(batch) + offsetof<Batch>('rangeFirst'));
}

@inline export function heldIn(batch: Batch): Fifo {
  return changetype<Fifo>(changetype<usize>(batch) + offsetof<Batch>('heldFirst'));
}

@inline function partOf(batch: Batch, index: u32): Range {
  return changetype<Range>(changetype<usize>(batch) + PARTS + index * RANGE);
}

@inline export function gathering(): Batch {
  return changetype<Batch>(self.batch);
}

/**
 * An empty batch; 0: no memory. The cell of the next one is taken ahead, and the cell of one that is done is the next
 * one's where that could not be: so there always is one as long as no batch is under way.
 */
export function newBatch(number: u32): Batch {
  const batch = changetype<Batch>(self.spareBatch ? self.spareBatch : takeCell());
  if (!changetype<usize>(batch)) return batch;
  self.spareBatch = <u32>takeCell();
  batch.number = number;
  return batch;
}

/** Adds a record of a message or piece to the gathering batch. A page is promised. */
export function addRange(from: usize, length: u32): void {
  const batch = gathering();
  batch.octets += length;
  batch.messageOctets += length;
  const last = changetype<Range>(batch.lastRange);
  // A segment begins with its head: what follows at once lies in the same one.
  if (changetype<usize>(last) && last.from + last.length == <u32>from) {
    last.length += length;
    return;
  }
  const range = changetype<Range>(appendPromised(rangesOf(batch), RANGE));
  holdSegment(from);
  range.from = <u32>from;
  range.length = length;
  batch.lastRange = <u32>changetype<usize>(range);
  batch.ranges += 1;
}

/** Whether the gathering batch may get one more part of the journal and then still its last. */
@inline export function partsLeft(): bool {
  return gathering().parts + 1 < PARTS_MAX;
}

/** Adds a part of the journal to the gathering batch. */
export function addPart(from: usize, length: u32): void {
  const batch = gathering();
  // Whoever opens a part leaves room for the last one (`partsLeft`).
  if (batch.parts == PARTS_MAX) unreachable();
  const part = partOf(batch, batch.parts);
  holdSegment(from);
  part.from = <u32>from;
  part.length = length;
  batch.parts += 1;
}

// ── What is to be written ──────────────────────────────────────────────────────────────────────────────────────

let walked: Batch = changetype<Batch>(0);
let walkedRanges: u32 = 0;
let walkedParts: u32 = 0;
/** The page of ranges that the walk stands in, and the offset there. */
let walkedPage: FifoPage = changetype<FifoPage>(0);
let walkedOffset: u32 = 0;

/** Octets of what `nextPart` gave out. */
export let partLength: u32 = 0;

/** Begins a walk over what is to be written: messages and journal, or the journal alone. */
export function walkParts(batch: Batch, messages: bool): void {
  walked = batch;
  walkedRanges = messages ? batch.ranges : 0;
  walkedParts = 0;
  walkedPage = changetype<FifoPage>(batch.rangeFirst);
  walkedOffset = walkedRanges ? walkedPage.from : 0;
}

/** The next part, or 0. */
export function nextPart(): usize {
  let range: Range;
  if (walkedRanges) {
    // The next page of the list, when this one is used up: see memory/fifo.ts.
    if (walkedOffset >= walkedPage.to) {
      walkedPage = changetype<FifoPage>(walkedPage.next);
      walkedOffset = walkedPage.from;
    }
    range = changetype<Range>(changetype<usize>(walkedPage) + walkedOffset);
    walkedOffset += RANGE;
    walkedRanges -= 1;
  } else {
    if (walkedParts == walked.parts) return 0;
    range = partOf(walked, walkedParts);
    walkedParts += 1;
  }
  partLength = range.length;
  return range.from;
}

/** Makes all records of a batch those of a file with this seed. */
export function stampAll(batch: Batch, seed: u64): void {
  walkParts(batch, true);
  for (let at = nextPart(); at; at = nextPart()) {
    const end = at + partLength;
    while (at < end) at += stamp(at, seed);
  }
}

/** Lets go of all that a batch keeps; its confirms were taken out before. */
export function endBatch(batch: Batch): void {
  let segment: usize = 0;
  let count: u32 = 0;
  walkParts(batch, true);
  for (let at = nextPart(); at; at = nextPart()) {
    const next = at & ~(<usize>SEGMENT - 1);
    if (next != segment) {
      if (count) releaseFrom(segment, count);
      segment = next;
      count = 0;
    }
    count += 1;
  }
  if (count) releaseFrom(segment, count);
  freeFifo(rangesOf(batch));
  freeFifo(heldIn(batch));
  if (self.spareBatch) {
    giveCell(changetype<usize>(batch));
    return;
  }
  memory.fill(changetype<usize>(batch), 0, CELL);
  self.spareBatch = <u32>changetype<usize>(batch);
}
