/** The broker itself: whether it runs, what it is, what it goes by, what its log tells, its end. */
import { type Api, at } from '../../api.js';
import { type Cell, type CtlCommand, CtlError, DONE, EXIT, type Given, type Outcome, type Row } from '../../command.js';
import { statusOf, statusText } from './status.js';

/** How often a broker is looked for that is not there yet (ms). */
const LOOK_AGAIN = 200;

export const NODE_COMMANDS: readonly CtlCommand[] = [
  {
    name: 'status',
    subject: 'Node',
    summary: 'tells what the broker is, and how much of the machine it uses',
    arguments: [],
    banner: () => 'Status of the broker ...',
    run: async (given, api) => {
      const status = await statusOf(api);
      return given.isForPeople ? { kind: 'text', text: statusText(status) } : { kind: 'value', value: status };
    },
  },
  {
    name: 'ping',
    subject: 'Node',
    summary: 'tells whether the broker answers',
    arguments: [],
    banner: ({ timeout }) => `Will ping the broker. Timeout: ${timeout} ms.`,
    run: async (_given, api) => {
      await api.get(at('health', 'ready'));
      return { kind: 'text', text: 'Ping succeeded' };
    },
  },
  {
    name: 'await_startup',
    subject: 'Node',
    summary: 'waits until the broker serves',
    arguments: [],
    run: awaitStartup,
  },
  {
    name: 'stop',
    subject: 'Node',
    summary:
      'ends the broker in order, as SIGTERM does; the argument, a file of its process, is taken and says nothing',
    arguments: [{ name: 'pid_file', kind: 'optional' }],
    banner: () => 'Stopping and halting the broker ...',
    run: async (_given, api) => {
      await api.post(at('leveret', 'stop'));
      return DONE;
    },
  },
  {
    name: 'shutdown',
    subject: 'Node',
    summary: 'ends the broker in order, and waits until its process is gone',
    arguments: [],
    options: {
      wait: { value: null, help: 'wait until the process is gone: the default' },
      'no-wait': { value: null, help: 'do not wait' },
    },
    run: shutDown,
  },
  {
    name: 'rotate_logs',
    subject: 'Node',
    summary: 'is refused, as rabbitmqctl refuses it; SIGHUP has the broker begin a new log file',
    arguments: [],
    run: () => {
      throw new CtlError(EXIT.UNAVAILABLE, 'This command does not rotate logs anymore [deprecated]');
    },
  },
  {
    name: 'environment',
    subject: 'Node',
    summary: 'tells what the broker goes by, in JSON, without secrets',
    arguments: [],
    banner: () => 'Application environment of the broker ...',
    run: async (given, api) => {
      const environment = await api.get<Cell>(at('leveret', 'environment'));
      return given.isForPeople
        ? { kind: 'text', text: JSON.stringify(environment, null, 2) }
        : { kind: 'value', value: environment };
    },
  },
  {
    name: 'set_log_level',
    subject: 'Node',
    summary:
      'says from which level on the log tells: debug, info, warning, error, none; of one area with AREA before it',
    arguments: [
      { name: 'area', kind: 'one' },
      { name: 'level', kind: 'optional' },
    ],
    banner: ({ argument }) =>
      argument('level') === ''
        ? `Setting log level to "${argument('area')}" ...`
        : `Setting log level to "${argument('level')}" for category "${argument('area')}" ...`,
    run: setLogLevel,
  },
  {
    name: 'trace_on',
    subject: 'Virtual hosts',
    summary: 'copies all messages of a vhost to the exchange amq.rabbitmq.trace',
    arguments: [],
    isInVhost: true,
    banner: ({ vhost }) => `Starting tracing for vhost "${vhost}" ...`,
    run: (given, api) => trace(given, api, true),
  },
  {
    name: 'trace_off',
    subject: 'Virtual hosts',
    summary: 'ends that',
    arguments: [],
    isInVhost: true,
    banner: ({ vhost }) => `Stopping tracing for vhost "${vhost}" ...`,
    run: (given, api) => trace(given, api, false),
  },
];

/** A broker that is not there yet is waited for, until it is too late for an answer. */
async function awaitStartup(_given: Given, api: Api): Promise<Outcome> {
  for (;;) {
    try {
      await api.get(at('health', 'ready'));
      return DONE;
    } catch (error) {
      if (!(error instanceof CtlError) || error.code !== EXIT.UNAVAILABLE) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  }
}

/** The process that was told to end is waited for, not the socket: its data lie still when it is gone. */
async function shutDown({ has, timeout }: Given, api: Api): Promise<Outcome> {
  const { pid, node_name: node } = await statusOf(api);
  const until = Date.now() + timeout;
  await api.post(at('leveret', 'stop'));
  if (has('no-wait')) return { kind: 'text', isRemark: true, text: `Shutting down ${node} running at PID ${pid}` };
  while (runs(pid)) {
    if (Date.now() > until) throw new CtlError(EXIT.TEMPORARY, `PID ${pid} has not ended in time (--timeout)`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  }
  return { kind: 'text', isRemark: true, text: `${node} running at PID ${pid} successfully shut down` };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function setLogLevel({ argument, optional: find }: Given, api: Api): Promise<Outcome> {
  const [first, second] = [argument('area'), find('level')];
  await api.put(at('leveret', 'log-levels'), second === undefined ? { level: first } : { area: first, level: second });
  return DONE;
}

/** All else that is said of the vhost stays. */
async function trace({ vhost }: Given, api: Api, isOn: boolean): Promise<Outcome> {
  const current = await api.find<Row>(at('vhosts', vhost));
  if (current !== null) {
    const { description, tags, default_queue_type: type } = current;
    await api.put(at('vhosts', vhost), { description, tags, default_queue_type: type, tracing: isOn });
  }
  return { kind: 'text', text: `Trace ${isOn ? 'enabled' : 'disabled'} for vhost ${vhost}` };
}
