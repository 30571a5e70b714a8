/**
 * Where a broker thread starts: the coordinator, the pager, the log's manager and the listeners live here, and
 * the workers are its children, so that nothing of the broker waits for the program that has started it, and all of it
 * ends with this thread. What must hold: whatever happens here, the last word is one of `refused`, `closed` and
 * `defect`, and the thread ends with it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { prepareCore } from '../engine/open.js';
import { LogLevels } from '../logging/levels.js';
import { Logger } from '../logging/logger.js';
import { CpuClaims } from '../platform/cpus/cpu-claims.js';
import { fatal, inWords, takeDefects } from '../platform/fatal.js';
import type { RunningBroker } from './broker.js';
import type { BrokerSetup, FromBroker, ToBroker } from './broker-messages.js';
import { ProgramEvents } from './program-events.js';
import { startThreads } from './workers/worker-threads.js';

if (parentPort === null) throw new Error('this file is for a worker thread');
const port = parentPort;
const { options, clock, logLevels } = workerData as BrokerSetup;
const defect = new Promise<Error>((resolve) => takeDefects(resolve));

// What takes longest comes first: what else is needed is loaded meanwhile.
prepareCore(options.engine);
const threads = startThreads(options.workers, options.management !== null);
const [{ openBroker, startFailure }, { boundText }] = await Promise.all([
  import('./broker.js'),
  import('./listeners/bound.js'),
]);
const logger = new Logger(new LogLevels(logLevels), (entries) => say({ kind: 'entries', entries }));
const events = new ProgramEvents((told) => say({ kind: 'event', told }));
const starting = openBroker(options, clock, threads, { cpus: new CpuClaims(), events, logger });
const running = await Promise.race([starting, defect]).catch((error: unknown) => startFailure(error));
if (running instanceof Error) endWith({ kind: 'refused', failure: { kind: 'other', ...inWords(running) } });
else if ('kind' in running) endWith({ kind: 'refused', failure: running });
else serve(running);

function serve(broker: RunningBroker): void {
  port.on('message', (message: ToBroker) => {
    switch (message.kind) {
      case 'ask':
        broker.ask(message.request, (outcome) => say({ kind: 'answer', id: message.id, outcome }));
        break;
      case 'attach':
        broker.attach(message.client);
        break;
      case 'reconfigure':
        broker
          .reconfigure(message.options, message.changed)
          .then((outcome) => say({ kind: 'answer', id: message.id, outcome }), fatal);
        break;
      case 'silence':
        say({ kind: 'answer', id: message.id, outcome: { ok: true, value: broker.silence() } });
        break;
      case 'test':
        broker
          .test(message.request, (news) => say({ kind: 'news', news }))
          .then((outcome) => say({ kind: 'answer', id: message.id, outcome }), fatal);
        break;
      case 'listen':
        events.want(message.events);
        break;
      case 'stop':
        close(broker).catch(fatal);
        break;
      default:
        message satisfies never;
    }
  });
  // What was told until now comes before what is told of the start.
  logger.flush();
  say({ kind: 'started', started: broker.started });
  // Whoever reads of it may stop the broker at once: the program must know by then that it has started.
  for (const bound of broker.started.listeners) logger.info('listener', `listening on ${boundText(bound)}`);
  broker.stopAsked.then(() => close(broker)).catch(fatal);
  fail(broker).catch(fatal);
}

async function close(broker: RunningBroker): Promise<void> {
  try {
    await broker.close();
    endWith({ kind: 'closed' });
  } catch (error) {
    endWith({ kind: 'defect', error: inWords(error) });
  }
}

/** Waits for a defect, for as long as the broker lives. */
async function fail(broker: RunningBroker): Promise<void> {
  const error = inWords(await defect);
  try {
    await broker.fail();
  } finally {
    endWith({ kind: 'defect', error });
  }
}

function say(message: FromBroker): void {
  port.postMessage(message);
}

/** The last word. What else runs in this thread, or in those that it has started, ends here. */
function endWith(message: FromBroker): never {
  logger.flush();
  say(message);
  process.exit();
}
