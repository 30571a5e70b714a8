/**
 * `npm run conformance`: plays the scenarios against a live RabbitMQ (`RABBITMQ_URL`, by default the local one) and
 * compares its transcripts with the stored ones; `-- --refresh` stores them anew. Other arguments go to vitest (`-t 'a
 * name'`). It needs its plugins rabbitmq_consistent_hash_exchange, rabbitmq_recent_history_exchange and
 * rabbitmq_sharding; and, for scenarios about rights, rabbitmq_management (`RABBITMQ_MANAGEMENT`, by default port 15672
 * of this machine).
 */
import { spawn } from 'node:child_process';

const args = process.argv.slice(2);
const refresh = args.includes('--refresh');
const env = { ...process.env, LEVERET_TEST_URL: process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672' };
if (refresh) env.LEVERET_REFRESH = '1';
const rest = args.filter((arg) => arg !== '--refresh');
const vitest = ['vitest', 'run', '--project', 'wasm', 'test/conformance', ...rest];
spawn('npx', vitest, { stdio: 'inherit', env }).on('exit', (code) => process.exit(code ?? 1));
