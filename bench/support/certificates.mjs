/**
 * A certificate for brokers under measurement, made by openssl: an authority, and what it has signed for this machine.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Arguments of openssl by the kind of the broker's key. */
const NEW_KEY = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['-newkey', 'rsa:2048'],
};

/** @typedef {keyof typeof NEW_KEY} KeyKind */
/** @typedef {{ authority: string, certificate: string, key: string }} Certificates paths of PEM files */

/** As a command line has it. @param {string} text @returns {KeyKind} */
export function keyKind(text) {
  if (text === 'ec' || text === 'rsa') return text;
  throw new Error(`--key wants ec or rsa, not '${text}'`);
}

/**
 * @param {string} folder
 * @param {KeyKind} kind
 * @returns {Certificates}
 */
export function makeCertificates(folder, kind) {
  const file = (/** @type {string} */ name) => join(folder, name);
  const [authority, authorityKey] = [file('authority.crt'), file('authority.key')];
  const [certificate, key] = [file('broker.crt'), file('broker.key')];
  const [request, extensions] = [file('broker.csr'), file('extensions')];
  const fresh = [...NEW_KEY[kind], '-noenc'];
  openssl('req', '-x509', ...fresh, '-keyout', authorityKey, '-out', authority, '-subj', '/CN=bench', '-days', '2');
  openssl('req', ...fresh, '-keyout', key, '-out', request, '-subj', '/CN=localhost');
  writeFileSync(extensions, 'subjectAltName = DNS:localhost, IP:127.0.0.1\n');
  const signer = ['-CA', authority, '-CAkey', authorityKey, '-extfile', extensions, '-days', '2'];
  openssl('x509', '-req', '-in', request, ...signer, '-out', certificate);
  return { authority, certificate, key };
}

/** @param {readonly string[]} args */
function openssl(...args) {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
