/**
 * The memory of a thread by which its connections read and write. Input: one place for all, for what is read is used up
 * before the next read, but for the start of a frame, which the connection keeps. Output: parts that are handed out once,
 * from which the system takes octets by one call, past the socket's stream.
 */
import { DirectWrite } from '../platform/direct-write.js';

/** What we want frames to be at most, and what a connection may keep. */
export const FRAME_MAX = 131_072;
const READ_OCTETS = 262_144;

export interface Part {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class ThreadMemory {
  /** Where sockets read to; in front of it there is room for what was left before. */
  readonly readBuffer: Uint8Array;
  readonly input: Uint8Array;
  readonly inputView: DataView;
  readonly direct: DirectWrite | null;
  readonly #output: SharedArrayBuffer;
  #used = 0;

  /** `octets`: as much as will be handed out. */
  constructor(octets: number) {
    this.input = new Uint8Array(FRAME_MAX + READ_OCTETS);
    this.inputView = new DataView(this.input.buffer);
    this.readBuffer = this.input.subarray(FRAME_MAX);
    this.#output = new SharedArrayBuffer(octets);
    this.direct = octets === 0 ? null : directWrite(new Uint8Array(this.#output));
  }

  part(octets: number): Part {
    const offset = this.#used;
    this.#used += octets;
    return {
      offset,
      bytes: new Uint8Array(this.#output, offset, octets),
      view: new DataView(this.#output, offset, octets),
    };
  }
}

/** Null: this system has no descriptors, or no library to reach them by; streams do it as well, and take longer. */
function directWrite(memory: Uint8Array): DirectWrite | null {
  if (process.platform === 'win32') return null;
  try {
    return new DirectWrite(memory);
  } catch {
    return null;
  }
}
