/** The one worker of a platform whose sockets cannot change threads: it runs on the broker's. */
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { openEngine } from '../../engine/open.js';
import type { SpanSetup } from '../../spans/span-sender.js';
import { openCommitLog } from '../../store/open-log.js';
import { Worker } from '../../worker/worker.js';
import type { Common, Member } from './member.js';

export async function startLocal({ shared, ...common }: Common, spans: SpanSetup | null): Promise<Member> {
  const topology = new MessageChannel();
  const control = new MessageChannel();
  const setup = { ...common, index: 0, inspection: null, spans };
  const worker = new Worker(await openEngine(shared, 0), control.port2, topology.port2, setup, openCommitLog);
  return {
    ready: Promise.resolve(null),
    ended: once(control.port1, 'close').then(() => undefined),
    control: control.port1,
    topology: topology.port1,
    accept: (id, socket) => worker.accept(id, socket),
    terminate: async () => control.port1.close(),
  };
}
