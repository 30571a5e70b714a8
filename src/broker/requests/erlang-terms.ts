/** Values as Erlang writes them, which is how they stand in RabbitMQ's texts. */

export function term(value: unknown): string {
  return typeof value === 'string' ? `<<"${value.replaceAll(/["\\]/g, '\\$&')}">>` : JSON.stringify(value);
}

/** Names with their values. */
export function terms(settings: readonly (readonly [name: string, value: unknown])[]): string {
  return `[${settings.map(([name, value]) => `{${term(name)},${term(value)}}`).join()}]`;
}

/** Above this, whole numbers are written with an exponent. */
const WHOLE_MAX = 2 ** 53;

/** A float: its shortest digits, with an exponent where that is shorter, and always with a point. */
export function floatTerm(value: number): string {
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential());
  if (match === null) return String(value);
  const [, sign = '', first = '', rest = '', power = ''] = match;
  const digits = first + rest;
  const exponent = Number(power);
  const scientific = `${first}.${rest || '0'}e${exponent}`;
  const decimal = inDecimals(digits, exponent);
  return sign + (decimal.length <= scientific.length && Math.abs(value) < WHOLE_MAX ? decimal : scientific);
}

/** Digits of which the first has a value of ten to the `exponent`, without an exponent. */
function inDecimals(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** An atom: bare where it is one word in small letters. */
export function atomTerm(name: string): string {
  return /^[a-z][A-Za-z0-9_@]*$/.test(name) ? name : `'${name}'`;
}
