/** Where the socket of `leveret ctl` is: the broker and the command must agree. */
import { resolve } from 'node:path';
import type { ControlSocketAddress } from '../../node/management-messages.js';
import { COMMAND_DEFAULTS } from '../../node/options.js';
import type { Configuration } from './sources.js';

/** Its name in the data directory. */
export const CONTROL_SOCKET = 'ctl.sock';

/** The socket of a broker; null: it has none. */
export function controlSocket(given: Configuration): ControlSocketAddress | null {
  const { ctl_socket: named, transient, data } = given;
  if (named?.value === 'none') return null;
  if (named !== undefined) return { path: resolve(named.value), isNeeded: true };
  if (transient?.value === true || process.platform === 'win32') return null;
  return { path: controlSocketIn(data?.value ?? COMMAND_DEFAULTS.data.directory), isNeeded: false };
}

interface Environment {
  readonly LEVERET_CTL_SOCKET?: string;
  readonly LEVERET_DATA?: string;
}

/** The one that a command is to ask, by what the broker itself is configured by; null: that was not said. */
export function socketNamed(socket: string | null, data: string | null, environment: Environment): string {
  if (socket !== null) return socket;
  if (data !== null) return controlSocketIn(data);
  const named = environment.LEVERET_CTL_SOCKET;
  if (named !== undefined && named !== '') return named;
  return controlSocketIn(environment.LEVERET_DATA ?? COMMAND_DEFAULTS.data.directory);
}

export function controlSocketIn(directory: string): string {
  return resolve(directory, CONTROL_SOCKET);
}
