/**
 * Certificates made by openssl: authorities, and what they have signed for this machine.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Arguments of openssl by the kind of the key. */
const NEW_KEY = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['-newkey', 'rsa:2048'],
};

/** What `openssl ca` wants to be told. */
const POLICY = 'default_md = sha256\nunique_subject = no\npolicy = p\n[p]\ncommonName = supplied\n';
const DAY_MS = 86_400_000;

/** @typedef {keyof typeof NEW_KEY} KeyKind */
/** @typedef {{ certificate: string, key: string }} Identity paths of PEM files */
/** @typedef {Identity & { authority: string }} Certificates a broker's, and the certificate of who has signed it */

/** As a command line has it. @param {string} text @returns {KeyKind} */
export function keyKind(text) {
  if (text === 'ec' || text === 'rsa') return text;
  throw new Error(`--key wants ec or rsa, not '${text}'`);
}

/**
 * An authority, and a broker's certificate that it has signed.
 * @param {string} folder
 * @param {KeyKind} kind
 * @returns {Certificates}
 */
export function makeCertificates(folder, kind) {
  const authority = makeAuthority(folder, 'authority', kind);
  return { ...sign(folder, 'broker', authority, { kind }), authority: authority.certificate };
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {KeyKind} [kind]
 * @returns {Identity}
 */
export function makeAuthority(folder, name, kind = 'ec') {
  const { certificate, key } = paths(folder, name);
  const made = ['-keyout', key, '-out', certificate, '-subj', `/CN=${name}`, '-days', '2'];
  openssl('req', '-x509', ...NEW_KEY[kind], '-nodes', ...made);
  return { certificate, key };
}

/**
 * A certificate with this common name, for both sides of a connection.
 * @param {string} folder
 * @param {string} name
 * @param {Identity} authority
 * @param {{ days?: readonly [from: number, to: number], names?: string, kind?: KeyKind }} [how] from and to how many days
 *   from now it is valid; which names it is for, as openssl has them
 * @returns {Identity}
 */
export function sign(folder, name, authority, { days = [-1, 2], names = LOCAL, kind = 'ec' } = {}) {
  const { certificate, key } = paths(folder, name);
  const [request, extensions, config] = [`${certificate}.request`, `${certificate}.extensions`, `${certificate}.conf`];
  writeFileSync(extensions, `subjectAltName = ${names}\n`);
  writeFileSync(`${certificate}.index`, '');
  const place = `database = ${certificate}.index\nserial = ${certificate}.serial\nnew_certs_dir = ${folder}\n`;
  writeFileSync(config, `[ca]\ndefault_ca = d\n[d]\n${place}${POLICY}`);
  openssl('req', ...NEW_KEY[kind], '-nodes', '-keyout', key, '-out', request, '-subj', `/CN=${name}`);
  const signer = ['-config', config, '-cert', authority.certificate, '-keyfile', authority.key, '-rand_serial'];
  const validity = ['-startdate', time(days[0]), '-enddate', time(days[1]), '-extfile', extensions];
  openssl('ca', '-batch', '-notext', ...signer, ...validity, '-in', request, '-out', certificate);
  return { certificate, key };
}

/**
 * A list of what an authority has revoked, as a file.
 * @param {string} folder
 * @param {string} name
 * @param {Identity} authority
 * @param {readonly Identity[]} identities
 */
export function revoke(folder, name, authority, identities) {
  const file = join(folder, `${name}.crl`);
  writeFileSync(`${file}.index`, '');
  writeFileSync(`${file}.conf`, `[ca]\ndefault_ca = d\n[d]\ndatabase = ${file}.index\n${POLICY}`);
  const signer = ['-config', `${file}.conf`, '-cert', authority.certificate, '-keyfile', authority.key];
  for (const { certificate } of identities) openssl('ca', ...signer, '-revoke', certificate);
  openssl('ca', ...signer, '-gencrl', '-crldays', '2', '-out', file);
  return file;
}

const LOCAL = 'DNS:localhost, IP:127.0.0.1, IP:::1';

/** @param {string} folder @param {string} name @returns {Identity} */
function paths(folder, name) {
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

/** A time as certificates have it. @param {number} days from now */
function time(days) {
  return `${new Date(Date.now() + days * DAY_MS).toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`;
}

/** @param {readonly string[]} args */
export function openssl(...args) {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
