/**
 * Numbers of AMQP's frames, as far as the core reads and writes them. This folder says how octets lie that leave the
 * core: on the wire, in the log, in spilled units. It holds numbers alone; all of the core may import it, and it
 * imports nothing.
 */

/** Octets around a frame's payload: type, channel, size; end. */
export const FRAME_HEAD: u32 = 7;
export const FRAME_OVERHEAD: u32 = 8;
export const FRAME_END: u8 = 0xce;
/** Types of frames. */
export const FRAME_METHOD: u32 = 1;
export const FRAME_HEADER: u32 = 2;
export const FRAME_BODY: u32 = 3;
/** The largest frame of all, and what holds until the client has agreed to another. */
export const FRAME_MAX: u32 = 131072;
export const FRAME_MAX_INITIAL: u32 = 8192;
/** Body octets in the largest frame. */
export const FRAME_BODY_MAX: u32 = FRAME_MAX - FRAME_OVERHEAD;
export const BODY_MAX: u32 = 128 << 20;
export const CHANNEL_MAX: u32 = 2047;

/** Class and method as they stand on the wire. */
export const METHOD_CHANNEL_CLOSE: u32 = 0x00140028;
export const METHOD_CHANNEL_CLOSE_OK: u32 = 0x00140029;
export const METHOD_PUBLISH: u32 = 0x003c0028;
export const METHOD_RETURN: u32 = 0x003c0032;
export const METHOD_DELIVER: u32 = 0x003c003c;
export const METHOD_GET_OK: u32 = 0x003c0047;
export const METHOD_ACK: u32 = 0x003c0050;
export const METHOD_REJECT: u32 = 0x003c005a;
export const METHOD_NACK: u32 = 0x003c0078;

/** Class and weight at the beginning of a content header. */
export const HEADER_CLASS: u32 = 0x003c0000;
/** Class, weight and body size stand before its flags; with one word of these it is as short as can be. */
export const HEADER_FLAGS_AT: u32 = 12;
export const HEADER_PAYLOAD_MIN: u32 = HEADER_FLAGS_AT + 2;

/**
 * Bits of the first flag word, for properties up to the last that the core looks at; and that one more word follows.
 */
export const PROPERTY_CONTENT_TYPE: u32 = 0x8000;
export const PROPERTY_HEADERS: u32 = 0x2000;
export const PROPERTY_DELIVERY_MODE: u32 = 0x1000;
export const PROPERTY_PRIORITY: u32 = 0x0800;
export const PROPERTY_REPLY_TO: u32 = 0x0200;
export const PROPERTY_EXPIRATION: u32 = 0x0100;
export const PROPERTY_TIMESTAMP: u32 = 0x0040;
export const PROPERTY_USER_ID: u32 = 0x0010;
export const PROPERTY_MORE: u32 = 1;
/** The delivery mode of what is to outlast the broker. */
export const DELIVERY_PERSISTENT: u8 = 2;
/** Largest `expiration` (ms), ten years, and the most digits that are read. */
export const EXPIRATION_MAX: f64 = 315360000000;
export const EXPIRATION_DIGITS_MAX: u32 = 12;
