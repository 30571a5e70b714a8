/** What tests start RabbitMQ by. */
export interface RabbitmqServer {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<unknown>;
  /** By SIGKILL; resolves when it is gone. */
  kill(): Promise<unknown>;
}

export function rabbitmqVersion(): string | null;
/** `at`: the port of the one before, if it comes back. */
export function startRabbitmq(
  folder: string,
  settings?: string,
  plugins?: readonly string[],
  at?: number,
): Promise<RabbitmqServer>;
