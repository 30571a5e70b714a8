/** What a program hears of its broker: clients that come and go, alarms, damage. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AlarmEvent, ConnectionEvent, DamageEvent } from '../../src/index.js';
import { isReferee } from '../support/broker.js';
import { startEmbedded } from '../support/embedded.js';
import { cleanUp, confirmed, directory, PERSISTENT } from '../support/kept-data.js';
import { RawClient } from '../support/raw-client.js';
import { deferred } from '../support/waiting.js';

cleanUp();

describe.skipIf(isReferee)('a program that listens', () => {
  test('hears that the broker is ready, although it starts to listen when that is so', async () => {
    const { embedded } = await startEmbedded();
    onTestFinished(() => embedded.stop());
    const ready = deferred<string>();
    embedded.once('ready', () => ready.resolve('ready'));
    expect(await ready.promise).toBe('ready');
  });

  test('hears of clients that come and go, in their order, until it listens no more', async () => {
    const { embedded, broker } = await startEmbedded();
    onTestFinished(() => embedded.stop());
    const heard: ConnectionEvent[] = [];
    let next = deferred<void>();
    const listener = (event: ConnectionEvent): void => {
      heard.push(event);
      next.resolve();
    };
    embedded.on('connection', listener);
    const client = await RawClient.open(broker);
    await next.promise;
    next = deferred();
    await client.close();
    await next.promise;
    const [opened, closed] = heard;
    expect(opened).toMatchObject({ what: 'opened', user: 'guest', vhost: '/', id: expect.any(Number) });
    expect(closed).toEqual({ ...opened, what: 'closed' });
    embedded.off('connection', listener);
    await (await RawClient.open(broker)).close();
    await embedded.administration.saved();
    expect(heard).toHaveLength(2);
  });

  test('hears that little space is left on the disk, and that it is not so any more', async () => {
    const { embedded } = await startEmbedded(directory());
    onTestFinished(() => embedded.stop());
    const alarms: AlarmEvent[] = [];
    let next = deferred<void>();
    embedded.on('alarm', (event) => {
      alarms.push(event);
      next.resolve();
    });
    await embedded.reconfigure({ data: { diskFreeLimit: Number.MAX_SAFE_INTEGER } });
    await next.promise;
    next = deferred();
    await embedded.reconfigure({ data: { diskFreeLimit: 0 } });
    await next.promise;
    expect(alarms).toEqual([
      { source: 'disk', isSet: true },
      { source: 'disk', isSet: false },
    ]);
  });

  test('hears of damage that was found in the data', async () => {
    const data = directory();
    const first = await startEmbedded(data);
    const client = await RawClient.open(first.broker);
    const channel = await client.openChannel();
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    for (let i = 0; i < 3; i++) channel.publish('', 'kept', 'message'.repeat(100), { properties: PERSISTENT });
    await confirmed(channel, 3);
    await first.embedded.stop();
    for (const name of readdirSync(join(data, 'log'))) garble(join(data, 'log', name));

    const { embedded } = await startEmbedded(data);
    onTestFinished(() => embedded.stop());
    const damage = deferred<DamageEvent>();
    embedded.once('damage', (event) => damage.resolve(event));
    const { parts, notices } = await damage.promise;
    expect(parts[0]).toMatchObject({ file: expect.any(String), octets: expect.any(Number) });
    expect(notices[0]).toContain('damage in log file');
  });
});

/** Turns over what lies amid messages. */
function garble(path: string): void {
  const octets = readFileSync(path);
  const at = octets.indexOf('messagemessage');
  if (at === -1) return;
  octets.fill(0xa5, at, at + 64);
  writeFileSync(path, octets);
}
