/** What tests start RabbitMQ by. */
export interface RabbitmqServer {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<unknown>;
}

export function rabbitmqVersion(): string | null;
export function startRabbitmq(folder: string, settings?: string, plugins?: readonly string[]): Promise<RabbitmqServer>;
