/** WebAssembly's binary format, as far as something is asked of a module that no runtime tells. */

/** What precedes the sections. */
const HEADER = 8;
const TYPE = 1;
const IMPORT = 2;
const FUNCTION = 3;
const EXPORT = 7;
/** What is imported or exported, of which only functions are looked at. */
const IS_FUNCTION = 0;
const VALUE_TYPES = new Map([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
]);

/** Reads one value after the other. @param {Uint8Array} octets @param {number} [at] */
export function reader(octets, at = 0) {
  const number = () => {
    let value = 0;
    let shift = 0;
    for (;;) {
      const octet = octets[at++] ?? 0;
      value |= (octet & 0x7f) << shift;
      if (octet < 0x80) return value >>> 0;
      shift += 7;
    }
  };
  const bytes = (length = number()) => {
    at += length;
    return octets.subarray(at - length, at);
  };
  return {
    number,
    bytes,
    text: () => new TextDecoder().decode(bytes()),
    rest: () => octets.subarray(at),
    ended: () => at >= octets.length,
  };
}

/** The contents of the sections with an id. @param {Uint8Array} octets @param {number} wanted */
export function sections(octets, wanted, header = HEADER) {
  const found = [];
  const { number, bytes, ended } = reader(octets, header);
  while (!ended()) {
    const id = number();
    const content = bytes();
    if (id === wanted) found.push(content);
  }
  return found;
}

/** What each exported function takes, by its name: a core with a memory of its own, which imports functions only. */
export function exportedParameters(/** @type {Uint8Array} */ octets) {
  const types = entries(octets, TYPE, parametersOf);
  const imported = entries(octets, IMPORT, ({ text, number }) => {
    const name = `${text()}.${text()}`;
    if (number() !== IS_FUNCTION) throw new Error(`${name} is no function`);
    return number();
  });
  const functions = [...imported, ...entries(octets, FUNCTION, ({ number }) => number())];
  const exported = entries(octets, EXPORT, ({ text, number }) => ({ name: text(), kind: number(), index: number() }));
  return new Map(
    exported
      .filter(({ kind }) => kind === IS_FUNCTION)
      .map(({ name, index }) => [name, types[functions[index] ?? -1] ?? []]),
  );
}

/** @template E @param {Uint8Array} octets @param {number} id @param {(read: ReturnType<typeof reader>) => E} entry */
function entries(octets, id, entry) {
  return sections(octets, id).flatMap((section) => {
    const read = reader(section);
    return Array.from({ length: read.number() }, () => entry(read));
  });
}

/** @param {ReturnType<typeof reader>} read */
function parametersOf({ number, bytes }) {
  number();
  const parameters = Array.from(bytes(), (type) => VALUE_TYPES.get(type) ?? '?');
  bytes();
  return parameters;
}
