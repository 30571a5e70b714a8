/** Components that have parameters in vhosts: those of RabbitMQ without plugins; and what is said of others. */

const PARAMETER_COMPONENTS = ['vhost-limits', 'operator_policy', 'policy'] as const;

export type ParameterComponent = (typeof PARAMETER_COMPONENTS)[number];

export function isParameterComponent(name: string): name is ParameterComponent {
  return (PARAMETER_COMPONENTS as readonly string[]).includes(name);
}

/** In RabbitMQ's words. */
export function invalidParameter(reason: string): string {
  return `Validation failed\n\n${reason}\n`;
}

export function noSuchComponent(name: string): string {
  return invalidParameter(`component ${name} not found`);
}
