/**
 * The links of the chain: each message has in it the link of the one before that counts, and its own, the hash of all
 * else in it. What must hold: a link depends on all messages before it, so that who has the same link has read the
 * same.
 */
import { createHash } from 'node:crypto';
import { FENCE_OCTETS, HEAD_OCTETS, HeadField, LINK_OCTETS } from './record-layout.js';

/** Before the first message. */
export const NO_LINK: Uint8Array = new Uint8Array(LINK_OCTETS);

const NO_FENCE: Uint8Array = new Uint8Array(FENCE_OCTETS);

/** How far somebody has read, and what it takes to read on. */
export interface ChainPosition {
  /** The last message that was read. */
  readonly sequence: number;
  /** The last one that counts: behind it are strays. 0: none. */
  readonly counted: number;
  /** Of that one. */
  readonly link: Uint8Array;
  /** Of the last fence that counts, and which fence that was: the beginning of its link. */
  readonly epoch: number;
  readonly fence: Uint8Array;
}

export const CHAIN_START: ChainPosition = { sequence: 0, counted: 0, link: NO_LINK, epoch: 0, fence: NO_FENCE };

/** The link of a message, whatever its head says of it. */
export function computeLink(message: Uint8Array): Uint8Array {
  const hash = createHash('sha256');
  hash.update(message.subarray(0, HeadField.LINK));
  hash.update(message.subarray(HEAD_OCTETS));
  return hash.digest().subarray(0, LINK_OCTETS);
}

/** What the messages of an epoch have in them, given its fence's link. */
export function fenceOf(link: Uint8Array): Uint8Array {
  return link.slice(0, FENCE_OCTETS);
}

/** Of links, or of fences. */
export function isSameLink(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
