/** All commands of `leveret ctl`, by what they are about. */
import type { CtlCommand } from './command.js';
import { CLUSTER_COMMANDS } from './commands/cluster.js';
import { CONNECTION_COMMANDS } from './commands/connections.js';
import { DEFINITION_COMMANDS } from './commands/definitions.js';
import { LIMIT_COMMANDS } from './commands/limits.js';
import { MESSAGE_COMMANDS } from './commands/messages.js';
import { NODE_COMMANDS } from './commands/node.js';
import { PARAMETER_COMMANDS } from './commands/parameters.js';
import { PERMISSION_COMMANDS } from './commands/permissions.js';
import { POLICY_COMMANDS } from './commands/policies.js';
import { QUEUE_COMMANDS } from './commands/queues.js';
import { REPORT } from './commands/report.js';
import { USER_COMMANDS } from './commands/users.js';
import { VHOST_COMMANDS } from './commands/vhosts.js';

export const COMMANDS: readonly CtlCommand[] = [
  ...NODE_COMMANDS,
  REPORT,
  ...CLUSTER_COMMANDS,
  ...USER_COMMANDS,
  ...PERMISSION_COMMANDS,
  ...VHOST_COMMANDS,
  ...QUEUE_COMMANDS,
  ...MESSAGE_COMMANDS,
  ...POLICY_COMMANDS,
  ...LIMIT_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...PARAMETER_COMMANDS,
  ...DEFINITION_COMMANDS,
];
