/**
 * SIGHUP: reads all that is configured anew, has the running broker go by what can change, and says what came of it.
 * What must hold: where anything is wrong, nothing changes, and one line says what; what is secret is not shown.
 */
import type { Logger } from '../logging/logger.js';
import { Broker } from '../node/handle.js';
import type { ResolvedOptions } from '../node/options.js';
import { reloadableOf } from '../node/reloadable.js';
import { toml, valueInForce } from './config/in-force.js';
import { KEYS, type Key, settingOf } from './config/settings.js';
import type { Configuration } from './config/sources.js';
import type { Command, Configured } from './options.js';
import type { Service } from './service.js';

type Reloading = Pick<Broker, 'reconfigure'>;

/** Starts a broker; resolves with it, and keeps reloading from now on, with what `read` finds; `service` hears of it. */
export async function startReloadable(
  { given, asked, options, log }: Configured,
  read: () => Command,
  logger: Logger,
  service: Pick<Service, 'reloading'>,
): Promise<Broker> {
  const starting = Broker.start({ ...asked, log: (entry) => logger.pass([entry]) });
  if (process.platform !== 'win32') {
    let inForce = given;
    // Whoever asks while the broker starts, or while it reloads, asks in a row.
    let last: Promise<unknown> = starting;
    process.on('SIGHUP', () => {
      last = last.then(async () => {
        inForce = await reload(await starting, { given: inForce, asked, options, log }, read(), logger);
      });
      const told = last.catch((error: unknown) => logger.error('configuration', `not reloaded: ${String(error)}`));
      void service.reloading(told);
    });
  }
  return starting;
}

/** Reloads; resolves with what is in force then. */
export async function reload(
  broker: Reloading,
  before: Configured,
  command: Command,
  logger: Logger,
): Promise<Configuration> {
  const refuse = (reason: string): Configuration => {
    logger.error('configuration', `not reloaded, nothing has changed: ${reason}`);
    return before.given;
  };
  if (command.action !== 'serve') return refuse(command.action === 'refuse' ? command.reason : command.action);
  // Who listens by TLS is settled at the start; what else is changed beside it is not held up by that.
  const isTurned = (before.options.tls === null) !== (command.options.tls === null);
  const { tls, ...others } = reloadableOf(command.options);
  const changes = KEYS.flatMap((key) => changeOf(key, before, command)).map((change) => ({
    ...change,
    isTaken: isReloadable(change.key) && !(isTurned && change.key.startsWith('tls_')),
  }));
  try {
    await broker.reconfigure(isTurned ? others : { ...others, tls });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  logger.levels.setAll(command.options.logLevels);
  tell(changes, logger);
  if (tls && !isTurned) logger.info('configuration', 'the files of TLS are read again');
  const reloaded = changes.filter(({ isTaken }) => isTaken).map(({ key }) => [key, command.given[key]]);
  return { ...before.given, ...Object.fromEntries(reloaded) };
}

interface Change {
  readonly key: Key;
  readonly text: string;
}

interface JudgedChange extends Change {
  /** It takes effect at once; else it needs a restart. */
  readonly isTaken: boolean;
}

function changeOf(key: Key, before: Configured, after: Configured): Change[] {
  const from = shown(key, before.given, before.options);
  const to = shown(key, after.given, after.options);
  if (from === to) return [];
  return [{ key, text: settingOf(key).isSecret === true ? `${key} (not shown)` : `${key} from ${from} to ${to}` }];
}

function shown(key: Key, given: Configuration, options: ResolvedOptions): string {
  const value = valueInForce(key, given, options);
  return value === null ? 'nothing' : toml(settingOf(key).kind.write(value));
}

function isReloadable(key: Key): boolean {
  return settingOf(key).isReloadable === true;
}

function tell(changes: readonly JudgedChange[], logger: Logger): void {
  const texts = (wanted: boolean): string =>
    changes
      .filter(({ isTaken }) => isTaken === wanted)
      .map(({ text }) => text)
      .join(', ');
  const done = texts(true);
  const left = texts(false);
  logger.info('configuration', `reloaded: ${done === '' ? 'no setting has changed' : `changed is ${done}`}`);
  if (left !== '') logger.warning('configuration', `needs a restart to change: ${left}`);
}
