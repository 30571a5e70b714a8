/** Values as Erlang writes them, which is how they stand in RabbitMQ's texts. */

export function term(value: unknown): string {
  return typeof value === 'string' ? `<<"${value}">>` : JSON.stringify(value);
}

/** Names with their values. */
export function terms(settings: readonly (readonly [name: string, value: unknown])[]): string {
  return `[${settings.map(([name, value]) => `{${term(name)},${term(value)}}`).join()}]`;
}
