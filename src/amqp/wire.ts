/**
 * The primitive types of AMQP 0-9-1 on bytes: octets, integers, bits, strings. Both ends are strict. A reader checks
 * every length against the bytes at hand before it uses it, and refuses with FRAME_ERROR; a writer refuses what a type
 * cannot carry with a RangeError, for that is our own mistake. Values never alias the input, which may be socket
 * memory.
 */
import { type AmqpError, connectionError, replyCode } from './errors.js';
import { decodeText, decodeUtf8, encodeText } from './text.js';

const BITS_PER_OCTET = 8;

/** Tables and arrays inside each other: far beyond any use, and far from the end of the stack. */
export const MAX_NESTING = 128;

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;
  #end: number;
  #depth = 0;
  /** The octet that bits are taken from, and how many of them were; any other read ends it. */
  #bits = 0;
  #bitsTaken = BITS_PER_OCTET;

  constructor(bytes: Uint8Array) {
    // A plain view: `slice` of a Buffer would not copy.
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Text decoding wants memory that no other thread can change meanwhile.
    this.#bytes = bytes.buffer instanceof SharedArrayBuffer ? view.slice() : view;
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    this.#end = this.#bytes.length;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  bit(): boolean {
    if (this.#bitsTaken === BITS_PER_OCTET) {
      this.#bits = this.octet();
      this.#bitsTaken = 0;
    }
    return ((this.#bits >> this.#bitsTaken++) & 1) === 1;
  }

  octet(): number {
    return this.#view.getUint8(this.#take(1));
  }

  short(): number {
    return this.#view.getUint16(this.#take(2));
  }

  long(): number {
    return this.#view.getUint32(this.#take(4));
  }

  longlong(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  float(): number {
    return this.#view.getFloat32(this.#take(4));
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** A short string of a method: must be UTF-8. */
  shortstr(): string {
    const text = decodeUtf8(this.#span(this.octet()));
    if (text === undefined) throw connectionError(replyCode.FRAME_ERROR, 'Malformed UTF-8 in shortstr');
    return text;
  }

  /** A short string of a property or a table's key: any bytes, kept as text.ts says. */
  shortText(): string {
    return decodeText(this.#span(this.octet()));
  }

  longText(): string {
    return decodeText(this.#span(this.long()));
  }

  longBytes(): Uint8Array {
    return this.#span(this.long()).slice();
  }

  /** Reads a part of `length` bytes, all of which `read` must use; parts may lie in parts. */
  within<T>(length: number, read: () => T): T {
    const outer = this.#end;
    if (length > this.remaining || this.#depth === MAX_NESTING) throw this.undecodable();
    this.#end = this.#position + length;
    this.#depth++;
    const value = read();
    this.finish();
    this.#depth--;
    this.#end = outer;
    return value;
  }

  /** Nothing may be left. */
  finish(): void {
    if (this.remaining > 0) throw this.undecodable();
  }

  /** The refusal of the whole input, worded as RabbitMQ words it. */
  undecodable(): AmqpError {
    // No more of it than a reply text could show.
    return connectionError(replyCode.FRAME_ERROR, `cannot decode <<${this.#bytes.subarray(0, 255).join(',')}>>`);
  }

  #span(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  #take(length: number): number {
    if (length > this.remaining) throw this.undecodable();
    const start = this.#position;
    this.#position += length;
    this.#bitsTaken = BITS_PER_OCTET;
    return start;
  }
}

const INITIAL_CAPACITY = 4096;
const SHORT_STRING_MAX = 255;
/** Memory up to this size is kept for the next writer. */
const SPARE_MAX = 65_536;

class WriterMemory {
  readonly view: DataView;

  constructor(readonly bytes: Uint8Array<ArrayBuffer>) {
    this.view = new DataView(bytes.buffer);
  }
}

const NOTHING = new WriterMemory(new Uint8Array(0));
/** What no writer uses: to make memory costs more than to write the few octets of a method. */
let spare: WriterMemory | null = null;

/** Memory of a new writer: as much as it has asked for, if that is much. */
function takeMemory(capacity: number): WriterMemory {
  if (capacity > INITIAL_CAPACITY) return new WriterMemory(new Uint8Array(capacity));
  const memory = spare ?? new WriterMemory(new Uint8Array(INITIAL_CAPACITY));
  spare = null;
  return memory;
}

export class Writer {
  #memory: WriterMemory;
  #length = 0;
  /** How many bits the last octet holds; any other write ends it. */
  #bitsPut = BITS_PER_OCTET;

  /** Whoever knows that many octets will be written, and how many, spares copies of them. */
  constructor(capacity = 0) {
    this.#memory = takeMemory(capacity);
  }

  /** What was written, in memory of its own. The writer is empty then. */
  finish(): Uint8Array {
    const memory = this.#memory;
    const { bytes } = memory;
    const length = this.#length;
    this.#memory = NOTHING;
    this.#length = 0;
    if (length === bytes.length && length > INITIAL_CAPACITY) return bytes;
    if (bytes.length <= SPARE_MAX) spare = memory;
    return bytes.slice(0, length);
  }

  bit(value: boolean): void {
    if (this.#bitsPut === BITS_PER_OCTET) {
      this.octet(0);
      this.#bitsPut = 0;
    }
    const last = this.#length - 1;
    this.#memory.view.setUint8(last, this.#memory.view.getUint8(last) | (Number(value) << this.#bitsPut++));
  }

  octet(value: number): void {
    this.#put(1, (view, at) => view.setUint8(at, whole(value, 0, 0xff)));
  }

  short(value: number): void {
    this.#put(2, (view, at) => view.setUint16(at, whole(value, 0, 0xffff)));
  }

  long(value: number): void {
    this.#put(4, (view, at) => view.setUint32(at, whole(value, 0, 0xffff_ffff)));
  }

  longlong(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw outOfRange(value);
    this.#put(8, (view, at) => view.setBigUint64(at, value));
  }

  int8(value: number): void {
    this.#put(1, (view, at) => view.setInt8(at, whole(value, -0x80, 0x7f)));
  }

  int16(value: number): void {
    this.#put(2, (view, at) => view.setInt16(at, whole(value, -0x8000, 0x7fff)));
  }

  int32(value: number): void {
    this.#put(4, (view, at) => view.setInt32(at, whole(value, -0x8000_0000, 0x7fff_ffff)));
  }

  int64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw outOfRange(value);
    this.#put(8, (view, at) => view.setBigInt64(at, value));
  }

  float(value: number): void {
    this.#put(4, (view, at) => view.setFloat32(at, value));
  }

  double(value: number): void {
    this.#put(8, (view, at) => view.setFloat64(at, value));
  }

  shortText(value: string): void {
    const bytes = encodeText(value);
    if (bytes.length > SHORT_STRING_MAX) throw new RangeError(`a short string of ${bytes.length} bytes`);
    this.octet(bytes.length);
    this.bytes(bytes);
  }

  longText(value: string): void {
    this.longBytes(encodeText(value));
  }

  longBytes(value: Uint8Array): void {
    this.long(value.length);
    this.bytes(value);
  }

  bytes(value: Uint8Array): void {
    const start = this.#reserve(value.length);
    this.#memory.bytes.set(value, start);
  }

  /** Writes a part preceded by its length as a long. */
  prefixed(write: () => void): void {
    const at = this.#reserve(4);
    const start = this.#length;
    write();
    this.#memory.view.setUint32(at, this.#length - start);
  }

  /** Makes room first, for that may replace the memory, and then writes. */
  #put(length: number, write: (view: DataView, at: number) => void): void {
    const at = this.#reserve(length);
    write(this.#memory.view, at);
  }

  #reserve(length: number): number {
    const start = this.#length;
    this.#length += length;
    this.#bitsPut = BITS_PER_OCTET;
    if (this.#length > this.#memory.bytes.length) this.#grow();
    return start;
  }

  #grow(): void {
    const { bytes } = this.#memory;
    const larger = new Uint8Array(Math.max(this.#length, bytes.length * 2, INITIAL_CAPACITY));
    larger.set(bytes);
    this.#memory = new WriterMemory(larger);
  }
}

function whole(value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) throw outOfRange(value);
  return value;
}

function outOfRange(value: number | bigint): RangeError {
  return new RangeError(`${value} does not fit its type on the wire`);
}
