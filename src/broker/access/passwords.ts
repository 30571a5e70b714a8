/**
 * Passwords as they are kept: RabbitMQ's `rabbit_password_hashing_sha256`, the base64 of 4 octets of salt and the
 * SHA-256 of salt and password. What must hold: how long a comparison takes tells nothing of the password; an empty
 * password lets nobody in.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { encodeText } from '../../amqp/text.js';

/** What the hashes are called, in definitions that others read. */
export const HASHING_ALGORITHM = 'rabbit_password_hashing_sha256';

const SALT_OCTETS = 4;

export function hashPassword(password: string, salt: Uint8Array = randomBytes(SALT_OCTETS)): string {
  return Buffer.concat([salt, digest(salt, password)]).toString('base64');
}

export function isPassword(hash: string, password: string): boolean {
  const octets = Buffer.from(hash, 'base64');
  const expected = octets.subarray(SALT_OCTETS);
  const actual = digest(octets.subarray(0, SALT_OCTETS), password);
  return expected.length === actual.length && timingSafeEqual(expected, actual) && password !== '';
}

function digest(salt: Uint8Array, password: string): Buffer {
  return createHash('sha256').update(salt).update(encodeText(password)).digest();
}
