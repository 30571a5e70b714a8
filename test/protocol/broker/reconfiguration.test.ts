/**
 * Options that change while the broker runs: by SIGHUP, which has the command read its settings anew, and by a program
 * that embeds the broker. What can change holds at once for who comes then; what is wrong changes nothing.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PROTOCOL_HEADER } from '../../../src/amqp/frames.js';
import { type Broker, isReferee, startBroker } from '../../support/broker.js';
import { useCertificates } from '../../support/certificates.js';
import { startEmbedded } from '../../support/embedded.js';
import { RawClient } from '../../support/raw-client.js';

const directory = mkdtempSync(join(tmpdir(), 'leveret-reconfiguration-'));
afterAll(() => rmSync(directory, { recursive: true }));

const certificates = useCertificates((workshop) => workshop.authority('own'));

/** Whether a broker lets those in who do not say who they are. */
async function isOpenToAll(broker: Broker): Promise<boolean> {
  const client = await RawClient.dial(broker);
  client.write(PROTOCOL_HEADER);
  const { mechanisms } = await client.expect('connection.start');
  client.socket.destroy();
  return String(mechanisms).includes('ANONYMOUS');
}

describe.runIf(!isReferee && process.platform !== 'win32')('SIGHUP', () => {
  test('takes over what can change, and says what needs a restart, with both values', async () => {
    const file = join(directory, 'good.toml');
    writeFileSync(file, 'anonymous = "guest"\n');
    const broker = await startBroker({ flags: ['--config', file] });
    try {
      expect(await isOpenToAll(broker)).toBe(true);
      writeFileSync(file, 'password_hashing = "sha512"\npin = false\ndefault_pass = "carrot"\n');
      broker.signal('SIGHUP');
      expect(await broker.told(/reloaded/)).toBe(
        'reloaded: changed is anonymous from "guest" to nothing, password_hashing from "sha256" to "sha512"',
      );
      expect(await broker.told(/restart/)).toBe(
        'needs a restart to change: pin from true to false, default_pass (not shown)',
      );
      expect(await isOpenToAll(broker)).toBe(false);
    } finally {
      expect((await broker.stop())?.log).not.toContain('carrot');
    }
  });

  test('says that TLS cannot be turned on without a restart, and takes over the rest', async () => {
    const file = join(directory, 'turned.toml');
    writeFileSync(file, '');
    const broker = await startBroker({ flags: ['--config', file] });
    try {
      const { certificate, key } = certificates();
      writeFileSync(file, `anonymous = "guest"\ntls_cert = "${certificate}"\ntls_key = "${key}"\n`);
      broker.signal('SIGHUP');
      expect(await broker.told(/reloaded/)).toBe('reloaded: changed is anonymous from nothing to "guest"');
      expect(await broker.told(/restart/)).toMatch(
        /^needs a restart to change: tls_cert from nothing to .*, tls_key from /,
      );
      expect(await isOpenToAll(broker)).toBe(true);
    } finally {
      await broker.stop();
    }
  });

  test('changes nothing where anything is wrong, says what and where, and heeds the next one', async () => {
    const file = join(directory, 'bad.toml');
    writeFileSync(file, '');
    const broker = await startBroker({ flags: ['--config', file] });
    try {
      writeFileSync(file, 'anonymous = "guest"\nprot = 5672\n');
      broker.signal('SIGHUP');
      expect(await broker.told(/not reloaded/)).toBe(
        `not reloaded, nothing has changed: ${file}:2: unknown key 'prot'; the nearest is port`,
      );
      expect(await isOpenToAll(broker)).toBe(false);
      writeFileSync(file, 'anonymous = "guest"\n');
      broker.signal('SIGHUP');
      await broker.told(/reloaded: changed is anonymous from nothing to "guest"/);
      expect(await isOpenToAll(broker)).toBe(true);
    } finally {
      await broker.stop();
    }
  });
});

describe.runIf(!isReferee)('a program that embeds the broker', () => {
  test('changes options while it runs, and leaves alone what it does not name', async () => {
    const { embedded, broker } = await startEmbedded(join(directory, 'data'));
    try {
      await embedded.reconfigure({ anonymous: 'guest' });
      await embedded.reconfigure({ data: { diskFreeLimit: 1024 } });
      expect(await isOpenToAll(broker)).toBe(true);
      await embedded.reconfigure({ anonymous: null });
      expect(await isOpenToAll(broker)).toBe(false);
    } finally {
      await embedded.stop();
    }
  });

  test('is told what needs a restart, and what is wrong', async () => {
    const { embedded } = await startEmbedded();
    try {
      const reconfigure = (options: object) => embedded.reconfigure(options);
      await expect(reconfigure({ port: 1 })).rejects.toThrow(
        /^option 'port' cannot change while the broker runs; what/,
      );
      await expect(reconfigure({ passwordHashing: 'md5' })).rejects.toThrow(/^passwordHashing must be one of/);
      await expect(reconfigure({ data: { diskFreeLimit: 1 } })).rejects.toThrow(/^data means nothing/);
      await expect(reconfigure({ anonymous: 'guest', data: { durability: 'os' } })).rejects.toThrow(
        /^option 'data.durability' cannot change/,
      );
    } finally {
      await embedded.stop();
    }
    await expect(embedded.reconfigure({ anonymous: null })).rejects.toThrow('the broker has ended');
  });
});
