/** The arguments of consumers that mean something. */
import type { FieldTable } from '../../amqp/table.js';
import { describe } from '../requests/names.js';
import type { Refusal } from '../requests/requests.js';
import { type Argument, argumentRefusal, declaredValue, FLAG, NUMBER, type Value } from './argument.js';
import { mustBeFlag, mustBeInteger } from './argument-checks.js';

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

const priority: Argument<number> = { name: 'x-priority', ...NUMBER, check: mustBeInteger };
const cancelOnFailover: Argument<boolean> = { name: 'x-cancel-on-ha-failover', ...FLAG, check: mustBeFlag };
const consumerTimeout: Argument<number> = { name: 'x-consumer-timeout', ...NUMBER };

const CONSUMER_ARGUMENTS: readonly Argument<Value>[] = [priority, cancelOnFailover, consumerTimeout];

/** Why a consumer cannot have these arguments; null when it can. */
export function consumerRefusal(vhost: string, queue: string, args: FieldTable): Refusal | null {
  return argumentRefusal(CONSUMER_ARGUMENTS, args, describe('queue', vhost, queue));
}

/** The priority that a consumer asks for, as near as 32 bits come to it. */
export function consumerPriority(args: FieldTable): number {
  return Math.max(INT32_MIN, Math.min(INT32_MAX, declaredValue(priority, args) ?? 0));
}

/** How long its deliveries may stay unacknowledged (ms); null: it says nothing. */
export function consumerTimeoutOf(args: FieldTable): number | null {
  const timeout = declaredValue(consumerTimeout, args);
  return timeout === undefined || timeout <= 0 ? null : timeout;
}
