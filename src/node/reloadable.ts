/**
 * Which options can change while the broker runs. To make one more reloadable: its name here, `isReloadable` in the
 * table of settings (src/cli/config/settings.ts), and what goes by it in `WorkerSettings`, `CoordinatorSettings`, or
 * in `reconfigure` of src/node/broker.ts. What must hold: a change is checked as a whole, with what was given before,
 * and before anything of it takes effect.
 */
import { type BrokerOptions, OptionError, type ResolvedOptions } from './options.js';

const RELOADABLE = [
  'anonymous',
  'passwordHashing',
  'loadDefinitions',
  'limits',
  'logLevels',
  'tls',
] as const satisfies readonly (keyof ResolvedOptions)[];
const RELOADABLE_DATA = ['diskFreeLimit'] as const satisfies readonly (keyof NonNullable<ResolvedOptions['data']>)[];

type Data = Pick<NonNullable<BrokerOptions['data']>, (typeof RELOADABLE_DATA)[number]>;

/** What can change while the broker runs; what is left out, or undefined, stays as it is. */
export type ReloadableOptions = Pick<BrokerOptions, (typeof RELOADABLE)[number]> & {
  readonly data?: Data | undefined;
};

/** Everything that is given once a change is made. Throws an `OptionError` when that can only be changed by a restart. */
export function changedOptions(given: BrokerOptions, change: ReloadableOptions): BrokerOptions {
  if (typeof change !== 'object' || change === null) throw new OptionError('options must be an object');
  const { data, ...rest } = change;
  refuseOthers('', rest, RELOADABLE);
  checkTls(given, rest);
  const limits = { ...given.limits, ...defined(rest.limits ?? {}) };
  const whole = { ...given, ...defined(rest), limits, tls: withPort(given.tls, rest.tls ?? given.tls) };
  if (data === undefined) return whole;
  refuseOthers('data.', data, RELOADABLE_DATA);
  if (given.data === null || given.data === undefined)
    throw new OptionError('data means nothing where nothing is kept on disk');
  return { ...whole, data: { ...given.data, ...defined(data) } };
}

function withPort(before: BrokerOptions['tls'], after: BrokerOptions['tls']): BrokerOptions['tls'] {
  return after ? { ...after, port: before?.port } : after;
}

/** What of all options can change. */
export function reloadableOf(options: ResolvedOptions): ReloadableOptions {
  const always = Object.fromEntries(RELOADABLE.map((name) => [name, options[name]]));
  return options.data === null ? always : { ...always, data: { diskFreeLimit: options.data.diskFreeLimit } };
}

/** Certificates and what is asked of clients can change; whether and where somebody listens by TLS cannot. */
function checkTls({ tls: before = null }: BrokerOptions, { tls: after }: ReloadableOptions): void {
  if (after === undefined) return;
  if ((before === null) !== (after === null))
    throw new OptionError(`TLS cannot be turned ${after === null ? 'off' : 'on'} while the broker runs`);
  if (after?.port !== undefined && after.port !== before?.port)
    throw new OptionError('tls.port cannot change while the broker runs');
}

function refuseOthers(prefix: string, change: object, known: readonly string[]): void {
  const other = Object.keys(change).find((name) => !known.includes(name));
  if (other === undefined) return;
  const all = [...RELOADABLE, ...RELOADABLE_DATA.map((name) => `data.${name}`)].join(', ');
  throw new OptionError(`option '${prefix}${other}' cannot change while the broker runs; what can is ${all}`);
}

function defined<T extends object>(change: T): T {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as T;
}
