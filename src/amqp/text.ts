/**
 * Strings of the wire as JavaScript strings. AMQP says UTF-8, and clients put other bytes into headers and correlation
 * ids all the same. Where RabbitMQ lets them pass, so must we, and without changing a byte when a message is encoded
 * again. So a byte that is not UTF-8 is kept as a lone low surrogate (U+DC80 … U+DCFF, as Python's surrogateescape
 * does), which no valid UTF-8 decodes to. What must hold: encodeText(decodeText(bytes)) equals bytes, for any bytes.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Where an escaped byte b lies: ESCAPE + b. */
const ESCAPE = 0xdc00;

/** Decodes UTF-8, or says that it is none. `bytes` must not lie in shared memory. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Decodes any bytes; those that are not UTF-8 come out as lone surrogates. */
export function decodeText(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeEscaping(bytes);
}

/** Encodes as UTF-8, escaped bytes as themselves, other lone surrogates as U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return text.isWellFormed() ? encoder.encode(text) : encodeEscaped(text);
}

function decodeEscaping(bytes: Uint8Array): string {
  let text = '';
  let position = 0;
  while (position < bytes.length) {
    const character = characterAt(bytes, position);
    text += character ?? String.fromCharCode(ESCAPE + (bytes[position] ?? 0));
    position += character === undefined ? 1 : Buffer.byteLength(character);
  }
  return text;
}

/** The one character whose encoding starts at `position`, if one does. */
function characterAt(bytes: Uint8Array, position: number): string | undefined {
  const length = sequenceLength(bytes[position] ?? 0);
  return decodeUtf8(bytes.subarray(position, position + length));
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

function encodeEscaped(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    const escaped = character.length === 1 && code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
    parts.push(escaped ? Uint8Array.of(code - ESCAPE) : encoder.encode(character));
  }
  return new Uint8Array(Buffer.concat(parts));
}
