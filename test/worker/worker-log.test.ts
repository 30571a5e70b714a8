/**
 * A worker over a commit log that is no file: what its core records goes there, and what happens there is told to the
 * main thread. The worker knows the log only by what it is given to open it with.
 */

import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLoginSources } from '../../dist/connection/handshake/login-sources.js';
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import { createProgress } from '../../dist/event-loop/progress.js';
import { LogLevels } from '../../dist/logging/levels.js';
import type { LogSetup } from '../../dist/store/log-setup.js';
import { Worker } from '../../dist/worker/worker.js';
import { DEFAULT_LIMITS } from '../../src/broker/requests/node-limits.js';
import { SharedAlarms } from '../../src/worker/shared-alarms.js';
import type { FromWorker, ToWorker } from '../../src/worker/thread-messages.js';
import { ENGINES } from '../engine/support/bench.js';
import { MemoryLog } from '../support/memory-log.js';
import { Inbox, PATIENCE_MS, within } from '../support/waiting.js';

const QUEUE = 256;
const setup: LogSetup = {
  kind: 'files',
  directory: '/nowhere',
  durability: 'fsync',
  writerNumber: 1,
  start: { file: 0, batch: 0, message: 0 },
};

describe.each(ENGINES)('%s', (kind) => {
  /** A worker without clients, whose log is in memory, and what it says to the main thread. */
  async function start() {
    const shared = await createSharedCore(kind, 16 << 20, 1);
    const engine = await openEngine(shared, 0);
    const coordinator = await openEngine(shared, 1);
    coordinator.setLogId(coordinator.createQueue(), QUEUE, 0);
    const control = new MessageChannel();
    const topology = new MessageChannel();
    const said = new Inbox<FromWorker>();
    control.port1.on('message', (message: FromWorker) => said.push(message));
    const opened: { log?: MemoryLog; setup?: LogSetup } = {};
    const announced = { product: 'Leveret', version: '0.0.0' };
    const alarms = new SharedAlarms().shared;
    const worker = new Worker(
      engine,
      control.port2,
      topology.port2,
      {
        clock: null,
        announced,
        settings: { anonymous: null, limits: DEFAULT_LIMITS },
        oauth: null,
        tls: null,
        alarms,
        logLevels: new LogLevels().shared,
        loginSources: createLoginSources(),
        hold: null,
        progress: createProgress(1),
        index: 0,
        inspection: null,
        spans: null,
      },
      (given, observer) => {
        opened.setup = given;
        opened.log = new MemoryLog(observer);
        return opened.log;
      },
    );
    onTestFinished(() => {
      control.port1.close();
      topology.port1.close();
    });
    const tell = (message: ToWorker): void => control.port1.postMessage(message);
    tell({ kind: 'log', log: { setup, busyPoll: null } });
    await once(control.port2, 'message');
    const { log } = opened;
    if (log === undefined) throw new Error('no log was opened');
    /** Something is recorded, and appended by the next pass of the event loop. */
    const record = async (position: number): Promise<void> => {
      worker.eventLoop.begin();
      engine.recordDone(QUEUE, position, 1);
      await within(PATIENCE_MS, 'the record to be appended', log.appended());
    };
    /** The next thing that the worker says of this kind. */
    const next = async <K extends FromWorker['kind']>(wanted: K): Promise<Extract<FromWorker, { kind: K }>> => {
      for (;;) {
        const message = await said.next(`'${wanted}' from the worker`);
        if (message.kind === wanted) return message as Extract<FromWorker, { kind: K }>;
      }
    };
    return { log, record, tell, next, opened };
  }

  test('the log is opened by what the thread was told', async () => {
    const { opened, tell, next } = await start();
    expect(opened.setup).toEqual(setup);
    tell({ kind: 'shutdown' });
    expect(await next('stopped')).toEqual({ kind: 'stopped', written: true });
  });

  test('what is durable is told, and a barrier behind what was recorded before it', async () => {
    const { log, record, tell, next } = await start();
    await record(0);
    tell({ kind: 'barrier', barrier: 7 });
    await log.acknowledge();
    const events = [...(await next('logged')).events];
    while (events.at(-1)?.type !== 'passed') events.push(...(await next('logged')).events);
    expect(events).toMatchObject([{ type: 'placed' }, { type: 'passed', barrier: 7 }]);
  });

  test('trouble is told with its reason, and its end', async () => {
    const { log, record, next } = await start();
    await record(0);
    log.refuse('too few machines answer');
    const { health } = await next('health');
    expect(health).toMatchObject({ state: 'failing', error: { message: 'too few machines answer' } });
    await log.answer();
    expect((await next('health')).health).toEqual({ state: 'ok' });
  });

  test('an end waits for an acknowledgement that comes late', async () => {
    const { log, record, tell, next } = await start();
    await record(0);
    tell({ kind: 'shutdown' });
    const stopped = next('stopped');
    await new Promise((resolve) => setImmediate(resolve));
    await log.acknowledge();
    expect(await stopped).toEqual({ kind: 'stopped', written: true });
  });

  test('a worker that lost the right to write says so, and at its end that not all is written', async () => {
    const { log, record, tell, next } = await start();
    await record(0);
    await log.fence();
    expect((await next('health')).health).toMatchObject({
      state: 'fenced',
      error: { message: 'a later epoch has begun' },
    });
    tell({ kind: 'shutdown' });
    expect(await next('stopped')).toEqual({ kind: 'stopped', written: false });
  });
});
