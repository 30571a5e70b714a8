/**
 * What a revocation list (CRL, RFC 5280, section 5) says of itself. Pure.
 */
import { DerError, elementsIn, elementsOf, Tag, timeOf } from './der.js';
import { distinguishedName } from './distinguished-name.js';

export interface RevocationList {
  /** The distinguished name of who has signed it. */
  readonly issuer: string;
  readonly from: Date;
  /** Null: for ever. */
  readonly to: Date | null;
}

/** Throws a `DerError`. */
export function readRevocationList(der: Uint8Array): RevocationList {
  const [signed] = elementsOf(elementsIn(der)[0], Tag.SEQUENCE);
  const fields = elementsOf(signed, Tag.SEQUENCE);
  // A version may stand in front.
  const [, issuer, from, to] = fields[0]?.tag === Tag.INTEGER ? fields.slice(1) : fields;
  const start = from === undefined ? null : timeOf(from);
  if (issuer === undefined || start === null) throw new DerError('no issuer or no time');
  return { issuer: distinguishedName(issuer), from: start, to: to === undefined ? null : timeOf(to) };
}
