/** Numbers as people read them. What must hold: what is not known is a dash, never a zero. */

const UNKNOWN = '–';

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const FINE = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

type Maybe = number | null | undefined;

function known(value: Maybe): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** 12,345 */
export function count(value: Maybe): string {
  return known(value) ? WHOLE.format(value) : UNKNOWN;
}

/** 12.3K: for axes and small places. */
export function short(value: Maybe): string {
  return known(value) ? SHORT.format(value) : UNKNOWN;
}

/** 1,234/s, 0.4/s */
export function rate(value: Maybe): string {
  return known(value) ? `${(Math.abs(value) < 10 ? FINE : WHOLE).format(value)}/s` : UNKNOWN;
}

const OCTETS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** 1.5 MiB */
export function octets(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  const power = value === 0 ? 0 : Math.min(OCTETS.length - 1, Math.floor(Math.log2(Math.abs(value)) / 10));
  return `${(power === 0 ? WHOLE : FINE).format(value / 1024 ** power)} ${OCTETS[power]}`;
}

/** 42 µs, 3.1 ms, 12 s, 4 min 10 s, 3 h 5 min, 2 d 4 h */
export function duration(ms: Maybe): string {
  if (!known(ms)) return UNKNOWN;
  if (ms < 1) return ms <= 0 ? '0 ms' : `${WHOLE.format(ms * 1000)} µs`;
  if (ms < 1000) return `${(ms < 10 ? FINE : WHOLE).format(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return two(seconds, 60, 'min', 's');
  if (seconds < 86_400) return two(Math.floor(seconds / 60), 60, 'h', 'min');
  return two(Math.floor(seconds / 3600), 24, 'd', 'h');
}

function two(value: number, size: number, large: string, small: string): string {
  const rest = value % size;
  return rest === 0 ? `${value / size} ${large}` : `${Math.floor(value / size)} ${large} ${rest} ${small}`;
}

/** 12.5 % */
export function percent(share: Maybe): string {
  return known(share) ? `${FINE.format(share * 100)} %` : UNKNOWN;
}

/** 1 queue, 2 queues */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 14:03:07 */
export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** 2026-11-30 14:03:07 */
export function moment(ms: number): string {
  return new Date(ms).toLocaleString('sv-SE');
}

/** 1.5 MiB/s */
export function octetRate(value: Maybe): string {
  return known(value) ? `${octets(value)}/s` : UNKNOWN;
}
