/** The default exchange has no name; paths call it by one, as RabbitMQ's do. */
import { DEFAULT_EXCHANGE } from '../../../broker/requests/names.js';

const DEFAULT_EXCHANGE_IN_PATHS = 'amq.default';

export function exchangeName(inPath: string): string {
  return inPath === DEFAULT_EXCHANGE_IN_PATHS ? DEFAULT_EXCHANGE : inPath;
}
