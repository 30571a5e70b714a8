/**
 * This folder is for `leveret cluster`. Here: one command, from its arguments to its exit code. What must hold: what was
 * asked for goes to standard output; what went wrong is one line on standard error.
 */

import { socketNamed } from '../config/control-socket.js';
import { readTable } from '../config/flag-table.js';
import { ConfigurationError } from '../config/flags.js';
import { Api, ApiError, at } from '../ctl/api.js';
import { CtlError } from '../ctl/command.js';
import { CLUSTER_HELP } from './help.js';
import { type ClusterStatusJson, statusText } from './status.js';
import { ACTION_NAMES, ACTIONS, type Action, actionText, FLAGS, isAction } from './table.js';

const EXIT = { OK: 0, USAGE: 1, UNAVAILABLE: 69 } as const;
const TIMEOUT_SECONDS = 60;
const STATUS = '/api/leveret/cluster';

interface Environment {
  readonly LEVERET_CTL_SOCKET?: string;
  readonly LEVERET_DATA?: string;
}

export interface ClusterEnds {
  out(text: string): void;
  error(text: string): void;
}

interface Wanted {
  readonly action: Action;
  readonly node: string | null;
  readonly to: string | null;
  readonly json: boolean;
  readonly socket: string | null;
  readonly data: string | null;
  /** s. */
  readonly timeout: number;
}

/** Resolves with the exit code. */
export async function runCluster(args: readonly string[], environment: Environment, ends: ClusterEnds) {
  try {
    const wanted = wantedOf(args);
    if (wanted === null) ends.out(CLUSTER_HELP);
    else ends.out(await done(wanted, environment));
    return EXIT.OK;
  } catch (error) {
    const isUsage = error instanceof ConfigurationError;
    if (!isUsage && !(error instanceof ApiError) && !(error instanceof CtlError)) throw error;
    ends.error(`leveret cluster: ${error.message}${isUsage ? ' (try --help)' : ''}\n`);
    return isUsage ? EXIT.USAGE : EXIT.UNAVAILABLE;
  }
}

/** Null: help is wanted. Throws a `ConfigurationError`. */
function wantedOf(args: readonly string[]): Wanted | null {
  const words: string[] = [];
  const values = readTable(args, FLAGS, (word) => words.push(word)) as
    | {
        readonly [K in keyof typeof FLAGS]?: ReturnType<(typeof FLAGS)[K]['kind']['read']>;
      }
    | null;
  if (values === null) return null;
  const [action, ...names] = words;
  const known = `one of ${ACTION_NAMES.map(actionText).join(', ')}`;
  if (action === undefined) throw new ConfigurationError(`what is to be done? ${known}`);
  if (!isAction(action)) throw new ConfigurationError(`'${action}' is not ${known}`);
  const [node = null, ...rest] = names;
  if (ACTIONS[action].argument === null ? names.length > 0 : node === null || node === '' || rest.length > 0)
    throw new ConfigurationError(`it is written: leveret cluster ${actionText(action)}`);
  if (values.to !== undefined && action !== 'step-down') throw new ConfigurationError('--to is for step-down alone');
  if (values.json !== undefined && action !== 'status') throw new ConfigurationError('--json is for status alone');
  return {
    action,
    node,
    to: values.to ?? null,
    json: values.json ?? false,
    socket: values.socket ?? null,
    data: values.data ?? null,
    timeout: values.timeout ?? TIMEOUT_SECONDS,
  };
}

/** What is to be said. Rejects with an `ApiError` or a `CtlError`. */
async function done({ action, node, to, json, socket, data, timeout }: Wanted, environment: Environment) {
  const api = new Api(socketNamed(socket, data, environment), AbortSignal.timeout(timeout * 1000));
  switch (action) {
    case 'status': {
      const status = await api.get<ClusterStatusJson>(STATUS);
      return json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status);
    }
    case 'step-down':
      await api.post(`${STATUS}/step-down`, { to });
      return `the node hands over${to === null ? '' : ` to ${to}`}\n`;
    case 'remove':
      await api.delete(at('leveret', 'cluster', 'members', node ?? ''));
      return `node ${node} is forgotten\n`;
    default:
      return action satisfies never;
  }
}
