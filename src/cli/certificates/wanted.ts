/**
 * What `leveret cert` is to make, from its flags. Nothing is made here. What cannot be understood is one line that says
 * what would be.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { GUEST } from '../../broker/access/accounts.js';
import { helpOf, readTable, type TableFlag } from '../config/flag-table.js';
import { ConfigurationError } from '../config/flags.js';
import { type Kind, parsed, texts, wholeNumber } from '../config/kinds.js';

export interface WantedCertificates {
  /** Where they are put. */
  readonly directory: string;
  /** Names and addresses by which clients call the broker. */
  readonly hosts: readonly string[];
  /** Whom the client's certificate names. */
  readonly user: string;
  /** From now. */
  readonly days: number;
}

const DAYS = 30;
const DAYS_MOST = 3650;
/** Of a common name (RFC 5280, appendix A). */
const USER_MOST = 64;
const LOCAL = ['localhost', '127.0.0.1', '::1'];
const SUBJECT = 'Options';

function flag<T>(kind: Kind<T>, help: string): TableFlag<T> {
  return { kind, subject: SUBJECT, help };
}

export const CERT_FLAGS = {
  host: flag(
    texts('NAME', 'a name or an address', isHost),
    'a name or an address by which clients call the broker, besides those of this machine; may be given several times',
  ),
  user: flag(
    parsed('NAME', `a name of at most ${USER_MOST} octets, without control characters`, userIn, (user) => user),
    `the user whom the client's certificate names (default ${GUEST})`,
  ),
  days: flag(wholeNumber(1, DAYS_MOST), `how long they are valid (default ${DAYS})`),
};

type Given = { readonly [K in keyof typeof CERT_FLAGS]?: ReturnType<(typeof CERT_FLAGS)[K]['kind']['read']> };

export const CERT_HELP = `Usage: leveret cert DIR [options]

Makes certificates for a trial, and says how to go on: of an authority, and, signed by that, of the broker and of
a client. Nothing that is there is overwritten.

${helpOf(CERT_FLAGS, [SUBJECT])}
`;

/** Reads what follows `cert`; null: help is wanted. Throws a `ConfigurationError`. */
export function wantedCertificates(args: readonly string[]): WantedCertificates | null {
  const words: string[] = [];
  const given = readTable(args, CERT_FLAGS, (word) => words.push(word)) as Given | null;
  if (given === null) return null;
  const [directory, ...others] = words;
  if (directory === undefined || others.length > 0) throw new ConfigurationError('cert takes one directory');
  const own = hostname();
  const hosts = [...(given.host ?? []), ...LOCAL, ...(isHost(own) ? [own] : [])];
  return { directory, hosts: [...new Set(hosts)], user: given.user ?? GUEST, days: given.days ?? DAYS };
}

function userIn(text: string): string | undefined {
  const fits = text !== '' && Buffer.byteLength(text) <= USER_MOST && !/\p{Cc}/u.test(text);
  return fits ? text : undefined;
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;

function isHost(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes('%');
  // What looks like a broken address is no name.
  const labels = text.replace(/^\*\./, '').split('.');
  return text.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}
