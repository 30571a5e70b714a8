/**
 * A process that is killed while it writes: what it had reported durable is there, in order.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { LocalDirectory } from '../../dist/store/log/local-directory.js';
import { temporaryDirectory } from './support/directories.js';
import { recover } from './support/logs.js';
import { recoveredQueues } from './support/messages.js';

const store = new URL('../../dist/store/', import.meta.url).href;

/** Publishes numbers as fast as it can, several at a time, and says up to which they are durable. */
function writerScript(path: string, from: number): string {
  return `
    const { LocalDirectory } = await import('${store}log/local-directory.js');
    const { BatchBuilder } = await import('${store}log/batch.js');
    const { FileBackend } = await import('${store}log/file-backend.js');
    const { LogManager } = await import('${store}log-manager.js');
    const { LogWriter } = await import('${store}log/log-writer.js');
    const directory = await LocalDirectory.at(${JSON.stringify(path)});
    const backend = new FileBackend({ directory, path: directory.path, fileOctets: 256 << 10 });
    const logManager = await LogManager.open({ backend, exists: () => true, reclaimMs: 20 });
    await logManager.begin();
    logManager.startClearing();
    const [{ start }] = logManager.setups(1);
    const onEvent = (event) => logManager.heard(1, event);
    const writer = new LogWriter({ directory, writerNumber: 1, start, onEvent, fileOctets: 256 << 10 });
    const frame = (body) => Buffer.concat([Buffer.of(3, 0, 0, 0, 0, body.length >> 8, body.length), Buffer.from(body), Buffer.of(0xce)]);
    const publish = async (position) => {
      const body = position + ':' + 'x'.repeat(position % 3000);
      const key = Buffer.of(0, 0);
      const batch = new BatchBuilder();
      const id = writer.takeMessageIds(1);
      batch.message(id, { bodySize: body.length, arrival: 0, key, header: Buffer.alloc(22), frames: [frame(body)] });
      batch.enqueue(256, position, 0, [id]);
      await writer.append(batch);
      process.stdout.write(position + '\\n');
    };
    for (let position = ${from}; ; position += 4) await Promise.all([0, 1, 2, 3].map((i) => publish(position + i)));`;
}

test('what was reported durable outlasts kill -9, again and again', async () => {
  const path = await temporaryDirectory();
  let durable = -1;
  for (let life = 0; life < 5; life++) {
    const directory = await LocalDirectory.at(path);
    const next = (await recover(directory)).queues[0]?.next ?? 0;
    expect(next).toBeGreaterThan(durable);
    const child = spawn(process.execPath, ['--input-type=module', '-e', writerScript(path, next)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let lines = 0;
    for await (const line of createInterface(child.stdout)) {
      durable = Math.max(durable, Number(line));
      lines += 1;
      if (lines === 100 + life * 37) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    const recovered = await recover(directory);
    const positions = (await recoveredQueues(recovered))
      .get(256)
      ?.map(({ position, body }) => [position, Number.parseFloat(body)]);
    expect(positions?.length).toBeGreaterThan(durable);
    expect(positions).toEqual(positions?.map((_, i) => [i, i]));
    expect(recovered.report.damaged.filter(({ kind }) => kind !== 'torn')).toEqual([]);
  }
});
