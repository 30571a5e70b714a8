/**
 * `leveret healthcheck`: for containers. Asks the HTTP API whether the broker serves: by its port where one is named, else
 * by the control socket. What must hold: one line, exit code 0 or 1, and an end within the time that was given.
 */
import { request } from 'node:http';
import { parseArgs } from 'node:util';
import { COMMAND_DEFAULTS } from '../node/options.js';
import { controlSocketIn } from './config/control-socket.js';

const TIMEOUT_SECONDS = 5;
const HTTP_OK = 200;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  socket: { type: 'string' },
  data: { type: 'string' },
  timeout: { type: 'string' },
} as const;

export interface Health {
  readonly isServing: boolean;
  /** One line for people. */
  readonly line: string;
}

interface Environment {
  readonly LEVERET_CTL_SOCKET?: string;
  readonly LEVERET_DATA?: string;
}

/** `args`: those behind the word. */
export async function health(args: readonly string[], environment: Environment): Promise<Health> {
  try {
    const values = valuesIn(args);
    const socket = values.socket ?? environment.LEVERET_CTL_SOCKET;
    const data = values.data ?? environment.LEVERET_DATA ?? COMMAND_DEFAULTS.data.directory;
    const where =
      values.port === undefined
        ? { socketPath: socket ?? controlSocketIn(data) }
        : { host: values.host ?? '127.0.0.1', port: values.port };
    const seconds = Number(values.timeout ?? TIMEOUT_SECONDS);
    if (!(seconds > 0)) throw new Error(`--timeout must be a number of seconds, not '${values.timeout}'`);
    const status = await ask(where, seconds);
    if (status === HTTP_OK) return { isServing: true, line: 'the broker serves' };
    return { isServing: false, line: `the broker does not serve: it answers ${status}` };
  } catch (error) {
    return { isServing: false, line: `the broker does not serve: ${firstLine(error)}` };
  }
}

/** Throws what is wrong with the command line. */
function valuesIn(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    const names = Object.keys(OPTIONS).map((name) => `--${name}`);
    throw new Error(`healthcheck takes ${names.join(', ')}, each with a value: ${firstLine(error)}`);
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

type Where = { readonly socketPath: string } | { readonly host: string; readonly port: string };

function ask(where: Where, seconds: number): Promise<number> {
  const signal = AbortSignal.timeout(seconds * 1000);
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, path: '/api/health/ready', signal }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', (error) => reject(signal.aborted ? new Error(`no answer within ${seconds} s`) : error));
    asked.end();
  });
}
