/**
 * How long deliveries take: from when a message went to its queues to when it was written to its socket. Of all
 * deliveries between two calls of `timeDeliveries`, at most SAMPLES are kept, evenly, each standing for those up to the
 * next: what is recorded for each delivery is one subtraction.
 *
 * A message's arrival is in milliseconds. Its fraction holds the microseconds of the machine's monotonic clock, which is
 * the same for all threads, modulo PHASES: together with the milliseconds, which are right to one, it tells times apart
 * to the microsecond. Whoever asks for the time of day takes the whole part.
 *
 * A histogram has numbers of 64 bits, as many as BUCKETS: one for each of the first STEPS microseconds, then STEPS for
 * each octave up to 71 minutes, the last for all that took longer.
 *
 * Page    0 │ histogram │ 3712 │ sum of all (µs) u64 │ 3776 │ arrivals of the samples, SAMPLES × f64
 *
 * Each participant has one such page. Written by: it alone; the histogram and the sum by atomic stores, because an
 * ordinary one of 64 bits may be seen by half. Read by: all. Freed by: nobody, it lives as long as the memory.
 */
import { atomicLoad, atomicLoad64, atomicStore, atomicStore64 } from './atomic';
import { Message } from './message';
import { PAGE, Participant, participantAt, root, self } from './root';
import { takePage } from './units';

const STEPS_SHIFT: u32 = 4;
export const STEPS: u32 = 1 << STEPS_SHIFT;
export const BUCKETS: u32 = (32 - STEPS_SHIFT + 1) * STEPS;
/** µs by which the fraction of an arrival is taken: more than twice what two readings of the milliseconds differ by. */
const PHASES: f64 = 4096;
const SAMPLES: u32 = 16;

const SUM: usize = BUCKETS * 8;
const ARRIVALS: usize = SUM + 64;

/** Deliveries that a sample stands for, and how many come until the next one is kept. */
let stride: u32 = 1;
let untilNext: u32 = 1;

/** False: no memory. */
export function openLatency(): bool {
  const page = takePage();
  if (!page) return false;
  memory.fill(page, 0, PAGE);
  // Pairs with the load in `sumOfBuckets`: who sees the page sees zeroes.
  atomicStore(changetype<usize>(self) + offsetof<Participant>('latency'), <u32>page);
  return true;
}

/** What stands for the present in a message: see above. */
export function stampOf(now: f64, micros: f64): f64 {
  return now + <f64>((<u32>(<u64>micros)) & (<u32>PHASES - 1)) / PHASES;
}

/** When a message went to its queues, or before that its content header came (Unix ms). */
@inline export function arrivedAt(message: Message): f64 {
  return floor<f64>(message.arrival);
}

@inline function sampleAt(index: u32): usize {
  return <usize>self.latency + ARRIVALS + index * 8;
}

/** The message is on its way to a socket. */
@inline export function noteDelivery(message: Message): void {
  untilNext -= 1;
  if (!untilNext) keepSample(message);
}

function keepSample(message: Message): void {
  if (self.samples == SAMPLES) {
    // Every other one stays, and stands for twice as many.
    for (let i: u32 = 1; i < SAMPLES / 2; i++) store<f64>(sampleAt(i), load<f64>(sampleAt(i * 2)));
    self.samples = SAMPLES / 2;
    stride *= 2;
  }
  store<f64>(sampleAt(self.samples), message.arrival);
  self.samples += 1;
  untilNext = stride;
}

/** All deliveries so far have been written, by now: enters their samples. */
export function recordSamples(now: f64, micros: f64): void {
  const stamp = stampOf(now, micros);
  const last = self.samples - 1;
  for (let i: u32 = 0; i <= last; i++) {
    record(between(load<f64>(sampleAt(i)), stamp), i < last ? stride : stride - untilNext + 1);
  }
  self.samples = 0;
  stride = 1;
  untilNext = 1;
}

/** Microseconds from one stamp to a later one. */
export function between(from: f64, to: f64): u32 {
  const coarse = (floor<f64>(to) - floor<f64>(from)) * 1000;
  let fine = (to - floor<f64>(to) - (from - floor<f64>(from))) * PHASES;
  if (fine < 0) fine += PHASES;
  const micros = fine + nearest<f64>((coarse - fine) / PHASES) * PHASES;
  return <u32>min<f64>(max<f64>(micros, 0), 4294967295);
}

function record(micros: u32, count: u32): void {
  add(<usize>self.latency + bucketOf(micros) * 8, count);
  add(<usize>self.latency + SUM, <u64>micros * count);
}

@inline function add(address: usize, more: u64): void {
  // Pairs with the load in `sumAt`: it sees the number whole. No other one writes it.
  atomicStore64(address, load<u64>(address) + more);
}

/** The bucket of a number of microseconds. */
export function bucketOf(micros: u32): u32 {
  if (micros < STEPS) return micros;
  const octave = 31 - clz<u32>(micros) - STEPS_SHIFT;
  return (octave + 1) * STEPS + ((micros >> octave) & (STEPS - 1));
}

/** Of all participants. */
export function sumOfBuckets(bucket: u32): u64 {
  return sumAt(bucket * 8);
}

export function sumOfLatencies(): u64 {
  return sumAt(SUM);
}

function sumAt(offset: usize): u64 {
  let sum: u64 = 0;
  for (let i: u32 = 0; i < root().participants; i++) {
    // Pairs with the store of the page, which is zeroed by then, and with those in `add`.
    const page = <usize>atomicLoad(changetype<usize>(participantAt(i)) + offsetof<Participant>('latency'));
    if (page) sum += atomicLoad64(page + offset);
  }
  return sum;
}

// Looked at while the core is compiled.
if (ARRIVALS + SAMPLES * 8 > PAGE) ERROR('a histogram and its samples are longer than a page');
