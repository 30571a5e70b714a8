/**
 * A node as its part above the stream may be: it follows the stream, appends a fence when it is told to lead, writes
 * while it leads, and stops where it is deposed. No promise and no timer, so that simulations can have it.
 */
import { CHAIN_START, type ChainPosition } from '../../../src/cluster/records/link.js';
import { fenceBody } from '../../../src/cluster/records/record-bodies.js';
import { RecordEncoder } from '../../../src/cluster/records/record-encoder.js';
import { RecordError } from '../../../src/cluster/records/record-error.js';
import { RecordKind } from '../../../src/cluster/records/record-layout.js';
import { RecordReader, type StreamRecord } from '../../../src/cluster/records/record-reader.js';
import type { LogStream, Tail } from '../../../src/cluster/stream/log-stream.js';
import type { StreamError } from '../../../src/cluster/stream/stream-error.js';
import { StreamWriter } from '../../../src/cluster/stream/stream-writer.js';
import type { Clock } from '../../../src/platform/clock.js';

/** A record that counts, as a text to compare. */
export function textOf({ kind, epoch, body }: StreamRecord): string {
  return `${epoch} ${kind === RecordKind.FENCE ? 'fence ' : ''}${Buffer.from(body).toString('latin1')}`;
}

export type Role = 'follows' | 'fences' | 'leads' | 'deposed' | 'failed' | 'ended';

export class LogNode {
  role: Role = 'follows';
  /** What it has read that counts. */
  readonly records: string[] = [];
  /** What it was told is in the stream, while it led: the text, and the sequence of its last message. */
  readonly confirmed: { readonly text: string; readonly sequence: number }[] = [];
  strays = 0;
  error: RecordError | StreamError | null = null;
  /** Called when something of the above has changed. */
  onChange: () => void = () => {};
  readonly #stream: LogStream;
  readonly #clock: Clock;
  readonly #reader: RecordReader;
  readonly #name: string;
  #tail: Tail | null = null;
  #writer: StreamWriter | null = null;
  #encoder: RecordEncoder | null = null;

  constructor(name: string, stream: LogStream, clock: Clock, position: ChainPosition = CHAIN_START) {
    this.#name = name;
    this.#stream = stream;
    this.#clock = clock;
    this.#reader = new RecordReader(position);
    this.#follow();
  }

  get position(): ChainPosition {
    return this.#reader.position;
  }
  /** The last message that it has read. */
  get last(): number {
    return this.#reader.end.sequence;
  }
  get inFlight(): number {
    return this.#writer?.inFlight ?? 0;
  }

  #follow(): void {
    this.#tail = this.#stream.tail(this.last + 1, {
      onMessage: (sequence, octets) => this.#read(sequence, octets),
      onEnd: (error) => {
        this.error = error;
        this.#stop('failed');
      },
    });
  }

  #read(sequence: number, octets: Uint8Array): StreamRecord | null {
    try {
      const reading = this.#reader.read(sequence, octets);
      if (reading.kind === 'stray') this.strays += 1;
      else if (reading.kind === 'record') {
        this.records.push(textOf(reading.record));
        return reading.record;
      }
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.error = error;
      this.#stop('failed');
    } finally {
      this.onChange();
    }
    return null;
  }

  /** Appends a fence behind all that it has read, and leads when that is in. */
  lead(): void {
    if (this.role !== 'follows') return;
    this.#tail?.close();
    this.role = 'fences';
    const { end } = this.#reader;
    this.#encoder = new RecordEncoder(end, this.#stream.messageOctetsMax);
    this.#writer = new StreamWriter(this.#stream, this.#clock, end.sequence, (at, octets) => this.#judge(at, octets), {
      onAppended: (at, octets) => {
        const record = this.#read(at, octets);
        if (record === null) return;
        this.role = 'leads';
        this.confirmed.push({ text: textOf(record), sequence: at });
        this.onChange();
      },
      onStray: (at, octets) => this.#read(at, octets),
      onDeposed: (at, octets) => {
        if (octets !== null) this.#read(at, octets);
        this.#stop('deposed');
      },
    });
    this.#append(RecordKind.FENCE, fenceBody(this.#name));
  }

  #judge(sequence: number, octets: Uint8Array): 'counts' | 'stray' {
    try {
      return this.#reader.judge(sequence, octets);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      // Reading it fails, too: `onDeposed` does that.
      return 'counts';
    }
  }

  /** The message that it would write next; it is not written. */
  prepare(text: string): Uint8Array | null {
    return this.#encoder?.encode(RecordKind.DEFINITIONS, [Buffer.from(text, 'latin1')])[0] ?? null;
  }

  /** Whether reading goes no further when this message comes next. */
  refuses(message: Uint8Array): boolean {
    try {
      this.#reader.judge(this.last + 1, message);
      return false;
    } catch (error) {
      return error instanceof RecordError;
    }
  }

  write(text: string): void {
    this.#append(RecordKind.DEFINITIONS, [Buffer.from(text, 'latin1')]);
  }

  #append(kind: RecordKind, body: readonly Uint8Array[]): void {
    for (const message of this.#encoder?.encode(kind, body) ?? []) this.#writer?.append(message);
  }

  /** Follows again, as a node that was deposed, or gives up what it has not been told of. */
  standBy(): void {
    if (this.role === 'failed' || this.role === 'ended') return;
    this.#stop('follows');
    this.#follow();
  }

  end(): void {
    this.#stop('ended');
  }

  #stop(role: Role): void {
    if (this.role === 'failed') return;
    this.role = role;
    this.#writer?.end();
    this.#writer = null;
    this.#tail?.close();
    this.#tail = null;
    this.onChange();
  }
}
