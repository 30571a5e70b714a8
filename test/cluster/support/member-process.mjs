/**
 * A node of a cluster as a process of its own: told by its argument (JSON) what it is, it says by lines of JSON when it
 * serves, and where. Ends in order by SIGTERM.
 */
import { MessageChannel, Worker } from 'node:worker_threads';
import { LogLevels } from '../../../dist/logging/levels.js';
import { Logger } from '../../../dist/logging/logger.js';
import { byNats } from '../../../dist/node/cluster/by-nats.js';
import { Member } from '../../../dist/node/cluster/member.js';
import { resolveOptions } from '../../../dist/node/options.js';
import { ProgramEvents } from '../../../dist/node/program-events.js';
import { CpuClaims } from '../../../dist/platform/cpus/cpu-claims.js';

/** @type {{ nats: import('../../../dist/cluster/stream/nats/nats-open.js').NatsOptions, directory: string }} */
const { nats, directory } = JSON.parse(process.argv[2] ?? '');
/** @param {object} told */
const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);
const options = resolveOptions({ workers: 1, memory: 256 << 20, host: '127.0.0.1', port: 0, data: { directory } });
if (options.data === null) throw new Error('a member has a data directory');
const member = await Member.open({
  options: { ...options, data: options.data },
  around: {
    cpus: new CpuClaims(),
    events: new ProgramEvents(() => undefined),
    logger: new Logger(new LogLevels(), (entries) => {
      for (const { level, message } of entries)
        if (level === 'warning' || level === 'error') say({ kind: 'line', message });
    }),
  },
  startThreads: () => {
    const { port1, port2 } = new MessageChannel();
    const file = new URL('../../../dist/worker/worker-thread.js', import.meta.url);
    const thread = new Worker(file, { workerData: port2, transferList: [port2] });
    return { workers: [{ thread, setup: port1 }], management: null };
  },
  join: byNats({
    thread: new URL('../../../dist/cluster/replicator-thread.js', import.meta.url),
    nats,
    allowsWeak: false,
    address: null,
    version: '0',
  }),
  observer: {
    onRole: (role) => say({ kind: 'role', role: role.kind }),
    onRunning: (running) => {
      const bound = running?.started.listeners[0];
      say({ kind: 'running', port: bound?.kind === 'tcp' ? bound.port : null });
    },
  },
});
say({ kind: 'follows' });
process.once('SIGTERM', () => member.stop().then(() => process.exit(0)));
await member.ended;
