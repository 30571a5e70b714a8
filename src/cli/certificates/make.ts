/**
 * `leveret cert DIR`: certificates for a trial, as files, and how to go on with them. What must hold: nothing that is
 * there is overwritten; where one file cannot be written, none of the others stays; nobody else may read the keys.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueAuthority, issueForClient, issueForServer } from './issue.js';
import type { WantedCertificates } from './wanted.js';

const DAY_MS = 86_400_000;
/** Clocks of other machines may be slow. */
const BEFORE_MS = 3_600_000;

const KEY_MODE = 0o600;
const CERTIFICATE_MODE = 0o644;

/** Returns what to tell. Throws what keeps it from writing them. */
export function makeCertificates(wanted: WantedCertificates, now = Date.now()): string {
  const { directory, hosts, user, days } = wanted;
  const validity = { from: new Date(now - BEFORE_MS), to: new Date(now + days * DAY_MS) };
  const authority = issueAuthority('Leveret trial authority', validity);
  const issued = {
    authority,
    broker: issueForServer(hosts, authority, validity),
    client: issueForClient(user, authority, validity),
  };
  const files = Object.entries(issued).flatMap(([name, { certificate, key }]) => [
    { path: join(directory, `${name}.crt`), text: certificate, mode: CERTIFICATE_MODE },
    { path: join(directory, `${name}.key`), text: key, mode: KEY_MODE },
  ]);
  const there = files.find(({ path }) => existsSync(path));
  if (there !== undefined) throw new Error(`${there.path} is there already, and is not overwritten`);
  mkdirSync(directory, { recursive: true });
  writeAll(files);
  return nextSteps(wanted, validity.to);
}

interface NewFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

function writeAll(files: readonly NewFile[]): void {
  const written: string[] = [];
  try {
    for (const { path, text, mode } of files) {
      writeFileSync(path, text, { mode, flag: 'wx' });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path);
    throw error;
  }
}

function nextSteps({ directory, hosts, user }: WantedCertificates, until: Date): string {
  const file = (name: string): string => quoted(join(directory, name));
  return `Made, and valid until ${until.toISOString().slice(0, 10)}:
  ${file('authority.crt')}  of an authority that has signed the others; clients trust the broker by it
  ${file('broker.crt')}  of the broker, for ${hosts.join(', ')}
  ${file('client.crt')}  of a client, for user ${JSON.stringify(user)}
Beside each lies its key (.key), for its owner's eyes alone.

A broker that lets this user in by the certificate, and others by their passwords:
  leveret --tls-cert ${file('broker.crt')} --tls-key ${file('broker.key')} \\
    --tls-ca ${file('authority.crt')} --tls-verify optional --tls-login-from common_name

A look at it:
  openssl s_client -connect localhost:5671 -CAfile ${file('authority.crt')} \\
    -cert ${file('client.crt')} -key ${file('client.key')}
`;
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
