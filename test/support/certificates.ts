/**
 * Certificates for tests, made by openssl in a temporary directory: authorities, and what they have signed. What must
 * hold: the directory is gone when the file's tests are over.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A certificate with its key, as files. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** The same, as TLS clients of Node take it. */
export function pem({ certificate, key }: Identity): { readonly cert: string; readonly key: string } {
  return { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** Makes certificates before a file's tests; `make` is called once. */
export function useCertificates<T>(make: (workshop: Workshop) => T): () => T {
  let made: { readonly workshop: Workshop; readonly all: T } | undefined;
  beforeAll(() => {
    const workshop = new Workshop();
    made = { workshop, all: make(workshop) };
  });
  afterAll(() => made?.workshop.remove());
  return () => {
    if (made === undefined) throw new Error('there are certificates only while tests run');
    return made.all;
  };
}

/** From and to, as days from now. */
type Days = readonly [number, number];

/** What a certificate is to have. */
interface Wanted {
  /** As openssl writes it; the common name alone if nothing is said. */
  readonly subject?: string;
  /** Other names, as openssl writes them; localhost and 127.0.0.1 if nothing is said. */
  readonly alternatives?: string;
  /** It may sign others. */
  readonly isAuthority?: boolean;
}

export class Workshop {
  readonly directory = mkdtempSync(join(tmpdir(), 'leveret-certificates-'));

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** An authority, known to nobody but by its certificate. */
  authority(name: string): Identity {
    const { certificate, key } = this.#paths(name);
    openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', certificate, '-subj', `/CN=${name}`, '-days', '2');
    return { certificate, key };
  }

  /** A certificate with this common name, valid from and to so many days from now. */
  signed(name: string, authority: Identity, [from, to]: Days = [-1, 2], more: Wanted = {}): Identity {
    const { certificate, key } = this.#paths(name);
    const request = `${certificate}.request`;
    const extensions = `${certificate}.extensions`;
    const alternatives = more.alternatives ?? 'DNS:localhost,IP:127.0.0.1';
    const isAuthority = more.isAuthority === true ? 'basicConstraints=critical,CA:TRUE\n' : '';
    writeFileSync(extensions, `${isAuthority}${alternatives === '' ? '' : `subjectAltName=${alternatives}\n`}`);
    openssl('req', ...NEW_KEY, '-utf8', '-keyout', key, '-out', request, '-subj', more.subject ?? `/CN=${name}`);
    const signer = this.#signer(authority, '');
    const validity = ['-startdate', time(from), '-enddate', time(to), '-create_serial', '-extfile', extensions];
    const order = ['-preserveDN', '-utf8'];
    openssl('ca', '-batch', '-notext', ...signer, ...validity, ...order, '-in', request, '-out', certificate);
    return { certificate, key };
  }

  /** A list of what an authority has revoked, valid from and to so many days from now. */
  revocations(name: string, authority: Identity, revoked: readonly Identity[], [from, to]: Days = [-1, 2]): string {
    const file = join(this.directory, `${name}.crl`);
    const entries = revoked.map(({ certificate }) => {
      const serial = openssl('x509', '-in', certificate, '-noout', '-serial').trim().replace('serial=', '');
      return `R\t${time(2).slice(2)}\t${time(-1).slice(2)}\t${serial}\tunknown\t/CN=${name}\n`;
    });
    const validity = ['-crl_lastupdate', time(from), '-crl_nextupdate', time(to)];
    openssl('ca', '-gencrl', ...this.#signer(authority, entries.join('')), ...validity, '-out', file);
    return file;
  }

  /** What `openssl ca` is to be told of an authority, with what it has signed before. */
  #signer(authority: Identity, index: string): readonly string[] {
    const { directory } = this;
    this.file('index', index);
    const config = this.file(
      'ca.conf',
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${directory}/index\nserial=${directory}/serial\nnew_certs_dir=${directory}\n${POLICY}`,
    );
    return ['-config', config, '-cert', authority.certificate, '-keyfile', authority.key];
  }

  /** Another file there. */
  file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  #paths(name: string): Identity {
    const stem = join(this.directory, name);
    return { certificate: `${stem}.crt`, key: `${stem}.key` };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** What `openssl ca` wants to be told. */
const POLICY = 'default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=optional\n';

const DAY_MS = 86_400_000;

/** A time as certificates have it. */
function time(days: number): string {
  return `${new Date(Date.now() + days * DAY_MS).toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`;
}

function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { stdio: 'pipe', encoding: 'utf8' });
}
