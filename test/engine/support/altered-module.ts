/** A WebAssembly module with one exported number changed, as if it had been built from other sources. */

const GLOBALS = 6;
const EXPORTS = 7;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const F64_CONST = 0x44;
/** The kind of an export that is a global. */
const GLOBAL = 3;

class Cursor {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  octet(): number {
    return this.bytes[this.at++] ?? 0;
  }

  /** An integer in LEB128; the sign does not matter here. */
  integer(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const octet = this.octet();
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
  }

  text(): string {
    const length = this.integer();
    this.at += length;
    return Buffer.from(this.bytes.subarray(this.at - length, this.at)).toString();
  }
}

/** Where the contents of each section begin; the core imports no globals, so theirs count from 0. */
function sections(bytes: Uint8Array): Map<number, number> {
  const found = new Map<number, number>();
  const cursor = new Cursor(bytes, 8);
  while (cursor.at < bytes.length) {
    const id = cursor.octet();
    const length = cursor.integer();
    found.set(id, cursor.at);
    cursor.at += length;
  }
  return found;
}

function globalIndex(bytes: Uint8Array, wanted: string): number {
  const cursor = new Cursor(bytes, sections(bytes).get(EXPORTS) ?? 0);
  for (let left = cursor.integer(); left > 0; left--) {
    const name = cursor.text();
    const kind = cursor.octet();
    const index = cursor.integer();
    if (name === wanted && kind === GLOBAL) return index;
  }
  throw new Error(`the module has no number ${wanted}`);
}

/** A copy of the module's octets in which the lowest bit of one of its numbers is another. */
export function withAnother(name: string, module: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(module);
  const cursor = new Cursor(bytes, sections(bytes).get(GLOBALS) ?? 0);
  cursor.integer();
  for (let left = globalIndex(bytes, name); ; left--) {
    cursor.at += 2;
    const opcode = cursor.octet();
    const value = cursor.at;
    if (opcode === I32_CONST || opcode === I64_CONST) cursor.integer();
    else if (opcode === F64_CONST) cursor.at += 8;
    else throw new Error(`a global begins with the instruction ${opcode}`);
    if (left === 0) {
      bytes[value] = (bytes[value] ?? 0) ^ 1;
      return bytes;
    }
    cursor.at += 1;
  }
}
