/**
 * What a command says of things that are not there: it names them, with their vhost. Each command is here, or among those
 * that name nothing.
 */
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../src/cli/ctl/commands.js';
import { typeTo, useCtlBroker } from './support.js';

const broker = useCtlBroker();

type Case = readonly [args: string, code: number, words: string];

const NO_VHOST = "Virtual host 'nowhere' does not exist";
const NO_QUEUE = "no queue 'none' in vhost '/'";

/** What is typed, the exit code and, of what is said, what names the missing. */
const NAMED: readonly Case[] = [
  ['peek_messages none', 69, NO_QUEUE],
  ['peek_messages none -p nowhere', 69, "no vhost 'nowhere'"],
  ['move_messages none --to-queue here', 69, NO_QUEUE],
  ['move_messages here --to-queue none', 69, NO_QUEUE],
  ['move_messages here --to-exchange none', 69, "no exchange 'none' in vhost '/'"],
  ['move_messages none -p nowhere --to-origin', 69, "no vhost 'nowhere'"],
  ['cancel_move 77', 69, "no move '77'"],
  ['pause_queue none', 69, NO_QUEUE],
  ['pause_queue none -p nowhere', 69, "no vhost 'nowhere'"],
  ['resume_queue none', 69, NO_QUEUE],
  ['resume_queue none -p nowhere', 69, "no vhost 'nowhere'"],
  ['explain_queue none', 69, NO_QUEUE],
  ['explain_queue none -p nowhere', 69, "no vhost 'nowhere'"],
  ['purge_queue none', 69, `not_found: ${NO_QUEUE}`],
  ['purge_queue none -p nowhere', 69, "not_found: no vhost 'nowhere'"],
  ['delete_queue none', 64, `Queue not found: ${NO_QUEUE}`],
  ['delete_queue none -p nowhere', 64, "Queue not found: no vhost 'nowhere'"],
  ['delete_user nobody', 67, 'User "nobody" does not exist'],
  ['change_password nobody secret', 67, 'User "nobody" does not exist'],
  ['clear_password nobody', 69, 'no_such_user, "nobody"'],
  ['authenticate_user nobody secret', 65, 'user "nobody"'],
  ['set_user_tags nobody management', 67, 'User "nobody" does not exist'],
  ['set_permissions nobody a b c', 67, 'User nobody does not exist'],
  ['set_permissions guest a b c -p nowhere', 69, 'Virtual host nowhere does not exist'],
  ['clear_permissions nobody', 67, 'User nobody does not exist'],
  ['clear_permissions guest -p nowhere', 69, 'Virtual host nowhere does not exist'],
  ['list_permissions -p nowhere', 65, NO_VHOST],
  ['list_user_permissions nobody', 69, 'no_such_user, "nobody"'],
  ['set_topic_permissions nobody amq.topic a b', 67, 'User nobody does not exist'],
  ['set_topic_permissions guest amq.topic a b -p nowhere', 69, 'Virtual host nowhere does not exist'],
  ['clear_topic_permissions nobody', 67, 'User nobody does not exist'],
  ['list_topic_permissions -p nowhere', 65, NO_VHOST],
  ['list_user_topic_permissions nobody', 69, 'no_such_user, "nobody"'],
  ['set_vhost_tags nowhere tag', 65, NO_VHOST],
  ['delete_vhost nowhere', 65, NO_VHOST],
  ['enable_vhost_deletion_protection nowhere', 65, NO_VHOST],
  ['disable_vhost_deletion_protection nowhere', 65, NO_VHOST],
  ['set_vhost_limits {} -p nowhere', 65, NO_VHOST],
  ['clear_vhost_limits -p nowhere', 65, NO_VHOST],
  ['list_vhost_limits -p nowhere', 65, NO_VHOST],
  ['set_user_limits nobody {}', 69, 'no_such_user, "nobody"'],
  ['clear_user_limits nobody all', 69, 'no_such_user, "nobody"'],
  ['list_user_limits --user nobody', 69, 'no_such_user, "nobody"'],
  ['set_policy p q {} -p nowhere', 65, NO_VHOST],
  ['clear_policy p', 69, "Parameter does not exist: no policy 'p' in vhost '/'"],
  ['clear_policy p -p nowhere', 65, NO_VHOST],
  ['list_policies -p nowhere', 65, NO_VHOST],
  ['set_operator_policy p q {} -p nowhere', 65, NO_VHOST],
  ['clear_operator_policy p', 69, "Parameter does not exist: no operator policy 'p' in vhost '/'"],
  ['list_operator_policies -p nowhere', 65, NO_VHOST],
  ['set_parameter vhost-limits limits {} -p nowhere', 65, NO_VHOST],
  ['set_parameter none p {}', 69, 'component none not found'],
  ['clear_parameter none p', 69, "Parameter does not exist: no parameter 'p' of component 'none' in vhost '/'"],
  ['clear_parameter none p -p nowhere', 69, "Parameter does not exist: no vhost 'nowhere'"],
  ['list_parameters -p nowhere', 65, NO_VHOST],
  ['clear_global_parameter none', 69, "Parameter does not exist: no global parameter 'none'"],
  ['enable_feature_flag none', 64, 'not supported by the broker: none'],
  ['set_log_level none-such info', 69, 'none-such'],
  ['export_definitions /none-such/file', 65, '/none-such'],
  ['import_definitions /none-such/file', 65, '/none-such/file'],
];

/** Of what is not there, rabbitmqctl lists nothing, closes nothing and traces nothing, and says no word. */
const SILENT = [
  'list_queues -p nowhere',
  'list_exchanges -p nowhere',
  'list_bindings -p nowhere',
  'list_consumers -p nowhere',
  'close_connection none reason',
  'close_all_connections reason -p nowhere',
  'close_all_user_connections nobody reason',
  'trace_on -p nowhere',
  'trace_off -p nowhere',
];

/** They name nothing, or what they make. */
const NAMELESS = [
  'status',
  'ping',
  'await_startup',
  'stop',
  'shutdown',
  'rotate_logs',
  'environment',
  'report',
  'cluster_status',
  'set_cluster_name',
  'list_feature_flags',
  'list_deprecated_features',
  'add_user',
  'list_users',
  'hash_password',
  'list_node_auth_attempt_stats',
  'add_vhost',
  'list_vhosts',
  'list_moves',
  'list_connections',
  'list_channels',
  'set_global_parameter',
  'list_global_parameters',
];

const type = (line: string) => typeTo(broker().socket, ['-q', ...line.split(' ')]);

test('each command is told of missing things, or names none', () => {
  const tried = [...NAMED.map(([line]) => line), ...SILENT].map((line) => line.split(' ')[0] ?? '');
  expect([...new Set([...tried, ...NAMELESS])].toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted());
});

test('what is not there is named, with its vhost', async () => {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker().embedded.port}`);
  onTestFinished(() => connection.close());
  await (await connection.createChannel()).assertQueue('here');
  for (const [line, code, words] of NAMED)
    expect.soft(await type(line), line).toMatchObject({ code, out: '', error: expect.stringContaining(words) });
});

test('where rabbitmqctl says nothing of what is not there, nothing is said', async () => {
  for (const line of SILENT) expect.soft(await type(line), line).toMatchObject({ code: 0, error: '' });
});
