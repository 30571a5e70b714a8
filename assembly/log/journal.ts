/**
 * This folder is for what goes to the log; queues and all above them may import it.
 *
 * A participant's part of the log: numbers for messages, and the journal of places that messages took (ENQUEUE) and of
 * those that are done (ACK), in records as docs/log-format.md has them, one behind the other in open segments of their
 * own. What must hold: a message, its pieces and its places are in one batch; room for a run's records is reserved
 * before the run takes its positions; a place that is done and finds no room is the host's (`heldBack`), which records
 * it when there is some (`recordDone`).
 */
import {
  RECORD_ACK,
  RECORD_ENQUEUE,
  RECORD_ENQUEUE_COUNT,
  RECORD_ENQUEUE_FLAGS,
  RECORD_ENQUEUE_IDS,
  RECORD_ENQUEUE_IN_ORDER,
  RECORD_ENQUEUE_PAYLOAD,
  RECORD_ENQUEUE_POSITION,
  RECORD_ENQUEUE_QUEUE,
  RECORD_ENQUEUE_TIME,
  RECORD_HEAD,
  RECORD_LEAD,
  RECORD_NEAR_SHIFT,
  RECORD_NEAR_WRITERS,
  RECORD_LENGTH_AT,
  RECORD_REQUEUES,
  RECORD_RUN,
  RECORD_RUNS_AT,
  RECORD_RUNS_QUEUE,
  RECORD_TYPE_AT,
  RECORD_WRITER_SHIFT,
} from '../format/record';
import { PROPERTY_DELIVERY_MODE } from '../format/frame';
import {
  aligned,
  furtherPieces,
  LOGGABLE,
  logNumber,
  markOpen,
  Message,
  messageLength,
  Piece,
  pieceLength,
  sealSegment,
  SEGMENT_HEAD,
  setLogNumber,
} from '../memory/message';
import { IS_SMALL } from '../memory/parts';
import { root, SEGMENT, self } from '../memory/root';
import { takeSegment } from '../memory/units';
import { addPart, addRange, Batch, gathering, newBatch, partsLeft } from './batch';

/** Octets of a record of places taken. */
const TAKEN: u32 = RECORD_HEAD + RECORD_ENQUEUE_PAYLOAD;
/** How long the payload of a record of places done gets. */
const DONE_PAYLOAD_MAX: u32 = 65536;
/**
 * Where a writer's numbers begin, below 2^53: the first 64 writers each at their own 2^47, and the next 64 at a
 * quarter, at half and at three quarters of the way between these.
 */
@inline function firstNumber(writer: u32): u64 {
  const near = <u64>(writer % RECORD_NEAR_WRITERS);
  const far = <u64>(writer / RECORD_NEAR_WRITERS);
  return (near << (<u64>RECORD_NEAR_SHIFT)) + (far << (<u64>RECORD_WRITER_SHIFT));
}

/**
 * Places in a row that are done and that nothing has room for: while the log cannot be written the gathering batch
 * fills up.
 */
@external("host", "heldBack") declare function heldBack(queue: f64, from: f64, count: f64): void;

/** Whether this participant keeps a log. */
@inline export function isLogging(): bool {
  return !IS_SMALL && self.logProperties != 0;
}

/** Begins the log; false: no memory. */
export function startWriter(writer: u32, firstMessage: f64): bool {
  self.batch = <u32>changetype<usize>(newBatch(1));
  if (!self.batch) return false;
  self.nextMessage = firstNumber(writer) + <u64>firstMessage;
  // 0 means that a message has no number.
  if (!self.nextMessage) self.nextMessage = 1;
  self.batchMessages = self.nextMessage;
  self.logProperties = PROPERTY_DELIVERY_MODE;
  return true;
}

// ── Messages ───────────────────────────────────────────────────────────────────────────────────────────────────

/** The number of a loggable message, which is in the gathering batch from now on. */
export function record(message: Message): u64 {
  const address = changetype<usize>(message);
  let id = logNumber(address);
  if (id >= self.batchMessages && id < self.nextMessage) return id;
  // One that was kept may be in a batch before: it is written once more.
  const fresh = id == 0;
  if (fresh) {
    id = self.nextMessage;
    self.nextMessage += 1;
    setLogNumber(address, id);
  }
  addRange(address - RECORD_LEAD, aligned(RECORD_LEAD + messageLength(message)));
  for (let at = <usize>message.next; at; at = changetype<Piece>(at).next) {
    if (fresh) setLogNumber(at, id);
    addRange(at - RECORD_LEAD, aligned(RECORD_LEAD + pieceLength(changetype<Piece>(at))));
  }
  gathering().messages += 1;
  return id;
}

/** Whether a message is in the log, or about to be. */
@inline export function isRecorded(message: Message): bool {
  return (message.flags & LOGGABLE) != 0 && logNumber(changetype<usize>(message)) != 0;
}

// ── Room for a run ─────────────────────────────────────────────────────────────────────────────────────────────

/** Entries that a page of the batch's lists has at least. */
const PAGE_ENTRIES_SHIFT: u32 = 8;

/** Pages that the ranges of the pending run may need. */
@inline export function reservedPages(): u32 {
  return self.rangesReserved ? (self.rangesReserved >> PAGE_ENTRIES_SHIFT) + 1 : 0;
}

/** Pages that a loggable message may need beside those: for its ranges, and for a confirm that waits. */
@inline export function pagesFor(message: Message): u32 {
  return (furtherPieces(message) >> PAGE_ENTRIES_SHIFT) + 2;
}

/**
 * Reserves what recording a message with its places in `queues` queues may need; false: there is no memory, or too much
 * is reserved already.
 */
export function reserve(message: Message, queues: u32): bool {
  if (IS_SMALL) return true;
  const octets = self.journalReserved + queues * TAKEN;
  if (!self.journalSegment || self.journalOffset + octets > SEGMENT) {
    if (octets > SEGMENT - SEGMENT_HEAD || !openJournal(0)) return false;
  }
  self.journalReserved = octets;
  self.rangesReserved += 1 + furtherPieces(message);
  return true;
}

/**
 * Makes room for records of so many octets, which all go into the gathering batch, whatever they say; false: there is no
 * memory. Nothing is reserved.
 */
export function makeRoom(octets: u32): bool {
  if (!isLogging() || (self.journalSegment && self.journalOffset + octets <= SEGMENT)) return true;
  return openJournal(root().reserve >> 1);
}

/** The pending run is enqueued: nothing is reserved any more. */
@inline export function endReserve(): void {
  self.journalReserved = 0;
  self.rangesReserved = 0;
}

// ── The journal ────────────────────────────────────────────────────────────────────────────────────────────────

/** `spared`: segments that must stay free. */
function openJournal(spared: u32): bool {
  if (!partsLeft()) return false;
  const fresh = takeSegment(spared);
  if (!fresh) return false;
  markOpen(fresh);
  endPart();
  if (self.journalSegment) sealSegment(self.journalSegment, 0);
  self.journalSegment = <u32>fresh;
  self.journalOffset = SEGMENT_HEAD;
  self.journalBegin = SEGMENT_HEAD;
  return true;
}

/** What the journal has gathered in its segment is the gathering batch's. */
function endPart(): void {
  self.doneRecord = 0;
  const length = self.journalOffset - self.journalBegin;
  if (!length) return;
  addPart(<usize>self.journalSegment + self.journalBegin, length);
  self.journalBegin = self.journalOffset;
}

/** Room in the journal: it was reserved, or the caller has looked. */
@inline function write(length: u32): usize {
  if (self.journalOffset + length > SEGMENT) unreachable();
  const at = <usize>self.journalSegment + self.journalOffset;
  self.journalOffset += length;
  gathering().octets += length;
  return at;
}

/** Length and type of a record. */
@inline function begin(at: usize, length: u32, type: u32): void {
  store<u32>(at + RECORD_LENGTH_AT, length);
  store<u32>(at + RECORD_TYPE_AT, type);
}

/** Messages with numbers in a row took positions in a row. Room is reserved. */
export function placesTaken(queue: u64, position: u64, id: u64, count: u32): void {
  const at = write(TAKEN);
  self.doneRecord = 0;
  begin(at, RECORD_ENQUEUE_PAYLOAD, RECORD_ENQUEUE);
  const payload = at + RECORD_HEAD;
  store<u64>(payload + RECORD_ENQUEUE_QUEUE, queue);
  store<u64>(payload + RECORD_ENQUEUE_POSITION, position);
  store<u64>(payload + RECORD_ENQUEUE_TIME, <u64>self.now);
  store<u32>(payload + RECORD_ENQUEUE_COUNT, count);
  store<u32>(payload + RECORD_ENQUEUE_FLAGS, RECORD_ENQUEUE_IN_ORDER);
  store<u64>(payload + RECORD_ENQUEUE_IDS, id);
}

/** A position is done. */
export function placeDone(queue: u64, position: u64): void {
  if (self.doneCount && queue == self.doneQueue && position == self.doneFrom + self.doneCount) {
    self.doneCount += 1;
    return;
  }
  flushDone();
  self.doneQueue = queue;
  self.doneFrom = position;
  self.doneCount = 1;
}

/** So many positions in a row are done. */
export function placesDone(queue: u64, from: u64, count: u64): void {
  const most: u64 = 0x7fffffff;
  for (let left = count; left;) {
    const some = min(left, most);
    flushDone();
    self.doneQueue = queue;
    self.doneFrom = from + (count - left);
    self.doneCount = <u32>some;
    left -= some;
  }
}

/**
 * Records what was gathered: in the last record, if that is of the same queue, or in one of its own. Without room for
 * it the host holds it.
 */
export function flushDone(): void {
  const count = IS_SMALL ? 0 : self.doneCount;
  if (!count) return;
  self.doneCount = 0;
  const whole = RECORD_HEAD + RECORD_RUNS_AT + RECORD_RUN;
  // What is reserved stays so in a new segment, too.
  if (!self.journalSegment || self.journalOffset + self.journalReserved + whole > SEGMENT) {
    // Consumers need the rest of the reserve to go on: nobody waits for this record.
    if (!openJournal(root().reserve >> 1)) {
      heldBack(<f64>self.doneQueue, <f64>self.doneFrom, <f64>count);
      return;
    }
  }
  let record = <usize>self.doneRecord;
  if (
    record &&
    load<u64>(record + RECORD_HEAD + RECORD_RUNS_QUEUE) == self.doneQueue &&
    load<u32>(record + RECORD_LENGTH_AT) < DONE_PAYLOAD_MAX
  ) {
    writeRun(write(RECORD_RUN), count);
    store<u32>(record + RECORD_LENGTH_AT, load<u32>(record + RECORD_LENGTH_AT) + RECORD_RUN);
    return;
  }
  record = write(whole);
  self.doneRecord = <u32>record;
  begin(record, RECORD_RUNS_AT + RECORD_RUN, RECORD_ACK);
  store<u64>(record + RECORD_HEAD + RECORD_RUNS_QUEUE, self.doneQueue);
  writeRun(record + RECORD_HEAD + RECORD_RUNS_AT, count);
}

/**
 * The message at a position was requeued so many times. Without room that is not recorded: after a restart it counts
 * from what is.
 */
export function placeRequeued(queue: u64, position: u64, count: u32): void {
  const whole = RECORD_HEAD + RECORD_RUNS_AT + RECORD_RUN;
  if (!self.journalSegment || self.journalOffset + self.journalReserved + whole > SEGMENT) {
    if (!openJournal(root().reserve >> 1)) return;
  }
  const at = write(whole);
  self.doneRecord = 0;
  begin(at, RECORD_RUNS_AT + RECORD_RUN, RECORD_REQUEUES);
  store<u64>(at + RECORD_HEAD + RECORD_RUNS_QUEUE, queue);
  store<u64>(at + RECORD_HEAD + RECORD_RUNS_AT, position);
  store<u64>(at + RECORD_HEAD + RECORD_RUNS_AT + 8, count);
}

function writeRun(at: usize, count: u32): void {
  store<u64>(at, self.doneFrom);
  store<u64>(at + 8, count);
}

/** Whether something is recorded that no batch has taken. */
export function gathers(): bool {
  const batch = gathering();
  return changetype<usize>(batch) != 0 && (self.doneCount != 0 || batch.octets != 0 || batch.heldFirst != 0);
}

/**
 * Ends the gathering batch; 0: nothing is in it, or others are under way and there is no memory for the next one
 * (`gathers` tells).
 */
export function takeGathered(): Batch {
  const batch = gathering();
  if (!changetype<usize>(batch)) return batch;
  flushDone();
  if (!batch.octets && !batch.heldFirst) return changetype<Batch>(0);
  const next = newBatch(batch.number + 1);
  if (!changetype<usize>(next)) return next;
  endPart();
  self.batch = <u32>changetype<usize>(next);
  self.batchMessages = self.nextMessage;
  return batch;
}
