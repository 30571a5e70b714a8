/**
 * Passwords as they are kept: hashed as RabbitMQ does it, the base64 of 4 octets of salt and the digest of salt and
 * password; or by scrypt, which takes a guesser much memory and time for each guess. What must hold: how long a
 * comparison takes tells nothing of the password; an empty password lets nobody in; scrypt never holds up the thread
 * that lets clients in.
 */
import { createHash, randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { encodeText } from '../../amqp/text.js';

/** Digests by what RabbitMQ calls the hashes, in definitions. */
const DIGESTS = {
  rabbit_password_hashing_sha256: 'sha256',
  rabbit_password_hashing_sha512: 'sha512',
  rabbit_password_hashing_md5: 'md5',
} as const;

const SCRYPT = 'leveret_password_hashing_scrypt';

export type HashingAlgorithm = keyof typeof DIGESTS | typeof SCRYPT;

/** How new passwords may be hashed, by the names that an operator gives. */
export const HASHINGS = {
  sha256: 'rabbit_password_hashing_sha256',
  sha512: 'rabbit_password_hashing_sha512',
  scrypt: SCRYPT,
} as const satisfies Readonly<Record<string, HashingAlgorithm>>;

export type PasswordHashing = keyof typeof HASHINGS;

export const DEFAULT_HASHING: PasswordHashing = 'sha256';

/** A password as it is kept. */
export interface PasswordHash {
  readonly passwordHash: string;
  readonly hashingAlgorithm: HashingAlgorithm;
}

/** All that a hash may be made by, as definitions name them. */
export const HASHING_NAMES: readonly string[] = [...Object.keys(DIGESTS), SCRYPT];

const SALT_OCTETS = 4;
const SCRYPT_SALT_OCTETS = 16;
const SCRYPT_OCTETS = 32;
/** 16 MiB of memory and some tens of milliseconds for each password. */
const SCRYPT_COST = { N: 2 ** 14, r: 8, p: 1 };

export function isHashingAlgorithm(name: string): name is HashingAlgorithm {
  return name === SCRYPT || Object.hasOwn(DIGESTS, name);
}

/** The hash of no password: with none of them is its user let in. */
export const NO_PASSWORD: PasswordHash = { passwordHash: '', hashingAlgorithm: HASHINGS[DEFAULT_HASHING] };

/** Why a hash that somebody else has made is none, or null; an empty one is that of no password. */
export function hashError(passwordHash: string, hashingAlgorithm: string): string | null {
  if (!isHashingAlgorithm(hashingAlgorithm)) return `password hashing algorithm '${hashingAlgorithm}' is unknown`;
  const { length } = Buffer.from(passwordHash, 'base64');
  const expected = saltOctets(hashingAlgorithm) + digestOctets(hashingAlgorithm);
  if (passwordHash === '' || length === expected) return null;
  return `password hash is not the base64 of ${expected} octets`;
}

export function isSlow({ hashingAlgorithm }: Pick<PasswordHash, 'hashingAlgorithm'>): boolean {
  return hashingAlgorithm === SCRYPT;
}

/** A promise where it takes long: another thread works it out. */
export function hashPassword(password: string, algorithm: HashingAlgorithm): PasswordHash | Promise<PasswordHash> {
  if (algorithm !== SCRYPT) return digestPassword(password, algorithm);
  const salt = randomBytes(SCRYPT_SALT_OCTETS);
  return scryptHash(password, salt).then((hash) => kept(salt, hash, algorithm));
}

/** The same at once, for what cannot be done in parts: it holds up the thread. */
export function hashPasswordNow(password: string, algorithm: HashingAlgorithm): PasswordHash {
  if (algorithm !== SCRYPT) return digestPassword(password, algorithm);
  const salt = randomBytes(SCRYPT_SALT_OCTETS);
  return kept(salt, scryptSync(encodeText(password), salt, SCRYPT_OCTETS, SCRYPT_COST), algorithm);
}

/** A password as all but scrypt hash it. */
export function digestPassword(
  password: string,
  algorithm: keyof typeof DIGESTS = HASHINGS.sha256,
  salt: Uint8Array = randomBytes(SALT_OCTETS),
): PasswordHash {
  return kept(salt, digest(algorithm, salt, password), algorithm);
}

function kept(salt: Uint8Array, hash: Uint8Array, hashingAlgorithm: HashingAlgorithm): PasswordHash {
  return { passwordHash: Buffer.concat([salt, hash]).toString('base64'), hashingAlgorithm };
}

/** A promise where it takes long: another thread works it out. */
export function isPassword(hashed: PasswordHash, password: string): boolean | Promise<boolean> {
  const octets = Buffer.from(hashed.passwordHash, 'base64');
  const salt = octets.subarray(0, saltOctets(hashed.hashingAlgorithm));
  const expected = octets.subarray(salt.length);
  const isSame = (actual: Buffer): boolean =>
    expected.length === actual.length && timingSafeEqual(expected, actual) && password !== '';
  if (hashed.hashingAlgorithm !== SCRYPT) return isSame(digest(hashed.hashingAlgorithm, salt, password));
  return scryptHash(password, salt).then(isSame);
}

function scryptHash(password: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(encodeText(password), salt, SCRYPT_OCTETS, SCRYPT_COST, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

function saltOctets(algorithm: HashingAlgorithm): number {
  return algorithm === SCRYPT ? SCRYPT_SALT_OCTETS : SALT_OCTETS;
}

function digestOctets(algorithm: HashingAlgorithm): number {
  return algorithm === SCRYPT ? SCRYPT_OCTETS : digest(algorithm, new Uint8Array(), '').length;
}

function digest(algorithm: keyof typeof DIGESTS, salt: Uint8Array, password: string): Buffer {
  return createHash(DIGESTS[algorithm]).update(salt).update(encodeText(password)).digest();
}
