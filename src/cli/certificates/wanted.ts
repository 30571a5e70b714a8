/**
 * What `leveret cert` is to make, from its flags. Nothing is made here. What cannot be understood is one line that says
 * what would be.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { GUEST } from '../../broker/access/accounts.js';
import { ConfigurationError } from '../config/flags.js';

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

export const CERT_HELP = `Usage: leveret cert DIR [options]

Makes certificates for a trial, and says how to go on: of an authority, and, signed by that, of the broker and of
a client. Nothing that is there is overwritten.

  --host NAME       a name or an address by which clients call the broker, besides those of this machine; may be
                    given several times
  --user NAME       the user whom the client's certificate names (default ${GUEST})
  --days N          how long they are valid (default 30)
`;

const DAYS = 30;
const DAYS_MOST = 3650;
/** Of a common name (RFC 5280, appendix A). */
const USER_MOST = 64;
const LOCAL = ['localhost', '127.0.0.1', '::1'];

/** Reads what follows `cert`; null: help is wanted. Throws a `ConfigurationError`. */
export function wantedCertificates(args: readonly string[]): WantedCertificates | null {
  const { values, positionals } = parsed(args);
  if (values.help === true) return null;
  const [directory, ...others] = positionals;
  if (directory === undefined || others.length > 0) throw new ConfigurationError('cert takes one directory');
  const user = values.user ?? GUEST;
  if (user === '' || Buffer.byteLength(user) > USER_MOST || /\p{Cc}/u.test(user))
    throw new ConfigurationError(`--user must be a name of at most ${USER_MOST} octets, without control characters`);
  const own = hostname();
  const hosts = [...(values.host ?? []).map(host), ...LOCAL, ...(isHost(own) ? [own] : [])];
  return { directory, hosts: [...new Set(hosts)], user, days: days(values.days) };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        host: { type: 'string', multiple: true },
        user: { type: 'string' },
        days: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // Such as an unknown flag; the rest of it is advice for those who wrote a program.
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new ConfigurationError(`cert: ${reason}`);
  }
}

function host(text: string): string {
  if (isHost(text)) return text;
  throw new ConfigurationError(`--host must be a name or an address, not '${text}'`);
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;

function isHost(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes('%');
  // What looks like a broken address is no name.
  const labels = text.replace(/^\*\./, '').split('.');
  return text.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}

function days(text: string | undefined): number {
  const value = text === undefined ? DAYS : Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= DAYS_MOST && (text === undefined || /^\d+$/.test(text)))
    return value;
  throw new ConfigurationError(`--days must be a whole number from 1 to ${DAYS_MOST}, not '${text}'`);
}
