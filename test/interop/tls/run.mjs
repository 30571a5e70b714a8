/**
 * Clients by TLS. Each client's program is given a file of connections to try, one a line (`cases.mjs`), and tells of
 * each whether a message went to the broker and back, or why not. Here it is compared with what must come, and the
 * broker's log is looked at: who is refused finds the reason there. Each client has brokers of its own, which tell the
 * same reason once a minute.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeAuthority, openssl, revoke, sign } from '../../../bench/support/certificates.mjs';
import { startTlsLeveret } from '../../../bench/support/processes.mjs';
import { inTemporaryFolder } from '../../../bench/support/temporary.mjs';
import { runCommand } from '../commands.mjs';
import { BROKERS, CASES, CERTIFICATES, NO_CERTIFICATE, REVOKED, STRANGER, VERSIONS } from './cases.mjs';

/** @typedef {import('../clients.mjs').TlsProgram} TlsProgram */
/** @typedef {import('../../../bench/support/certificates.mjs').Identity} Identity */
/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {{ port: number, lines: string[], stop: () => Promise<void> }} Broker */

const PROGRAM_MS = 120_000;
/** How long a line may take from the broker to here. */
const LINE_MS = 5_000;
const LINE_PAUSE_MS = 20;
/** Of the PKCS #12 files, for clients that take no PEM. */
const PASSWORD = 'trial';

/** @param {string} folder */
function makeAll(folder) {
  const authority = makeAuthority(folder, 'authority');
  const stranger = makeAuthority(folder, 'another');
  const signed = Object.entries(CERTIFICATES).map(([name, how]) => [name, sign(folder, name, authority, how)]);
  /** @type {Record<string, Identity>} */
  const identities = Object.fromEntries([...signed, [STRANGER, sign(folder, STRANGER, stranger)]]);
  for (const { certificate, key } of Object.values(identities)) {
    const secret = ['-passout', `pass:${PASSWORD}`];
    openssl('pkcs12', '-export', '-in', certificate, '-inkey', key, '-out', `${key}.p12`, ...secret);
  }
  const revoked = revoke(
    folder,
    'revoked',
    authority,
    REVOKED.map((name) => identityOf(identities, name)),
  );
  return { authority, stranger, identities, revoked };
}

/** @typedef {ReturnType<typeof makeAll>} All */

/** @param {All} all @returns {Promise<Map<string, Broker>>} */
async function startBrokers({ authority, identities, revoked }) {
  const brokers = new Map();
  for (const [name, { shows, verify, login }] of Object.entries(BROKERS)) {
    /** @type {string[]} */
    const lines = [];
    const checks = ['--tls-ca', authority.certificate, '--tls-verify', verify, '--tls-crl', revoked];
    const asks = verify === 'none' ? [] : checks;
    const names = login === undefined ? [] : ['--tls-login-from', login];
    const options = ['--workers', '1', '--memory', '64M', ...asks, ...names];
    const server = await startTlsLeveret(identityOf(identities, shows), options, (line) => lines.push(line));
    brokers.set(name, { port: server.tlsPort, lines, stop: server.stop });
  }
  return brokers;
}

/** @param {Record<string, Identity>} identities @param {string} name */
function identityOf(identities, name) {
  const identity = identities[name];
  if (identity === undefined) throw new Error(`no certificate ${name}`);
  return identity;
}

/**
 * A connection to try, as the programs read it: version, port, authority, certificate, key, SASL mechanism, all by tabs;
 * `-`: none.
 * @param {Case} one
 * @param {string} version
 * @param {All} all
 * @param {Map<string, Broker>} brokers
 */
function tryLine({ broker, shows, trustsStranger, isExternal }, version, { authority, stranger, identities }, brokers) {
  const trusted = trustsStranger ? stranger : authority;
  const { certificate, key } = shows === undefined ? { certificate: '-', key: '-' } : identityOf(identities, shows);
  return [
    version,
    brokers.get(broker)?.port,
    trusted.certificate,
    certificate,
    key,
    isExternal ? 'EXTERNAL' : 'PLAIN',
  ].join('\t');
}

/**
 * What is wrong with an outcome, if anything.
 * @param {Case} one
 * @param {string | undefined} outcome
 */
function faultOf({ brokerSays, clientRefuses }, outcome) {
  if (outcome === undefined) return 'it says nothing of it';
  const mayPass = brokerSays === undefined && !clientRefuses;
  if (outcome.startsWith('passed') === mayPass) return null;
  return mayPass ? `it does not come in: ${outcome}` : 'it comes in';
}

/** Waits for a line. @param {readonly string[]} lines @param {RegExp} what */
async function isSaid(lines, what) {
  for (let waited = 0; waited < LINE_MS; waited += LINE_PAUSE_MS) {
    if (lines.some((line) => /no TLS with the client at|login from/.test(line) && what.test(line))) return true;
    await pause(LINE_PAUSE_MS);
  }
  return false;
}

/**
 * Whether the broker has said why it does without a client.
 * @param {Case} one
 * @param {TlsProgram} program
 * @param {Broker | undefined} broker
 */
async function silenceOf({ shows, brokerSays, clientRefuses }, { isSilent, withholds }, broker) {
  const seen = withholds && shows === STRANGER ? NO_CERTIFICATE : brokerSays;
  const what = seen ?? (clientRefuses && !isSilent ? /: \S/ : null);
  if (what === null || broker === undefined || (await isSaid(broker.lines, what))) return null;
  return `the broker's log does not say why (${what}): ${JSON.stringify(broker.lines)}`;
}

/**
 * Runs a client's program through all cases.
 * @param {TlsProgram} program
 * @param {string} cwd
 * @param {(line: string) => void} say
 * @returns {Promise<{ passed: number, failed: boolean }>}
 */
export function tryTls(program, cwd, say) {
  return inTemporaryFolder(tmpdir(), async (folder) => {
    const all = makeAll(folder);
    const brokers = await startBrokers(all);
    try {
      const cases = CASES.filter(({ isExternal }) => !isExternal || program.knowsExternal);
      const tries = VERSIONS.flatMap((version) => cases.map((one) => ({ version, one })));
      const file = join(folder, 'tries');
      const lines = tries.map(({ version, one }) => tryLine(one, version, all, brokers));
      writeFileSync(file, `${lines.join('\n')}\n`);
      const env = { TLS_TRIES: file, TLS_PASSWORD: PASSWORD };
      const { code, output } = await runCommand(program.run, { cwd, env, timeoutMs: PROGRAM_MS });
      const outcomes = output.split('\n').filter((line) => /^(passed|refused)/.test(line));
      let passed = 0;
      for (const [index, { version, one }] of tries.entries()) {
        const outcome = outcomes[index];
        const fault = faultOf(one, outcome) ?? (await silenceOf(one, program, brokers.get(one.broker)));
        if (fault === null) passed++;
        say(fault === null ? `ok TLS ${version}: ${one.title}` : `FAILED TLS ${version}: ${one.title}: ${fault}`);
      }
      const failed = code !== 0 || passed < tries.length;
      if (failed) say(`${program.name} ended with ${code}:\n${output.trimEnd()}`);
      return { passed, failed };
    } finally {
      for (const broker of brokers.values()) await broker.stop();
    }
  });
}
