/**
 * Silence: by heartbeats each side shows that it lives, and the broker drops a peer that has been silent for two
 * intervals, or that never finishes its handshake.
 */
import { afterAll, expect, test } from 'vitest';
import { useBroker } from '../../support/broker.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const { dial, connect } = useRawConnections(broker, afterAll);

test.concurrent('the broker sends heartbeats at least once an interval', async () => {
  const client = await connect({ tune: { heartbeat: 1 } });
  const started = Date.now();
  for (let beat = 0; beat < 3; beat++) {
    await client.heartbeats.next('a heartbeat');
    client.heartbeat();
  }
  expect(Date.now() - started).toBeLessThan(3_500);
});

test.concurrent('a client that sends heartbeats stays connected', async () => {
  const client = await connect({ tune: { heartbeat: 1 } });
  for (let beat = 0; beat < 8; beat++) {
    await client.heartbeats.next('a heartbeat');
    client.heartbeat();
  }
  await client.ping();
});

test.concurrent('a client that falls silent is dropped after two intervals, and not before', async () => {
  const client = await connect({ tune: { heartbeat: 1 } });
  const started = Date.now();
  await client.ended();
  const silence = Date.now() - started;
  expect(silence).toBeGreaterThan(1_000);
  expect(silence).toBeLessThan(5_000);
});

test.concurrent('a client that asked for no heartbeat gets none', async () => {
  const silent = await connect({ tune: { heartbeat: 0 } });
  const beating = await connect({ tune: { heartbeat: 1 } });
  for (let beat = 0; beat < 4; beat++) {
    await beating.heartbeats.next('a heartbeat');
    beating.heartbeat();
  }
  expect(silent.heartbeats.waiting).toEqual([]);
  await silent.ping();
});

test.concurrent('a client that does not finish its handshake is dropped after ten seconds', async () => {
  const silent = await dial();
  const started = Date.now();
  await silent.ended();
  expect(Date.now() - started).toBeGreaterThan(8_000);
});
