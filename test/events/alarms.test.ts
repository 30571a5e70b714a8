/** Alarms are told as RabbitMQ tells them. */
import { expect, it } from 'vitest';
import { EVENT_EXCHANGE } from '../../src/broker/requests/names.js';
import { startEmbedded } from '../support/embedded.js';
import { cleanUp, directory } from '../support/kept-data.js';
import { Listener, said } from './listener.js';

cleanUp();

it('tells when the disk has too little room, and when it has enough again', async () => {
  const { embedded, broker } = await startEmbedded(directory());
  const listener = await Listener.open(broker, EVENT_EXCHANGE, '/', ['alarm.*']);
  for (const [diskFreeLimit, count, key] of [
    [2 ** 52, 1, 'alarm.set'],
    [0, 2, 'alarm.cleared'],
  ] as const) {
    await embedded.reconfigure({ data: { diskFreeLimit } });
    const heard = await listener.until(key, (all) => all.length >= count);
    expect(heard.map((event) => event.key)).toHaveLength(count);
    expect(heard[count - 1]?.key).toBe(key);
  }
  for (const event of listener.heard) {
    expect(said(event, 'source')).toBe('disk');
    expect(said(event, 'node')).toMatch(/@/);
    expect(event.body).toHaveLength(0);
  }
  await embedded.stop();
});
