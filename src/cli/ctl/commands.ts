/** All commands of `leveret ctl`, by what they are about. */
import type { CtlCommand } from './command.js';
import { PERMISSION_COMMANDS } from './commands/access/permissions.js';
import { USER_COMMANDS } from './commands/access/users.js';
import { CLUSTER_COMMANDS } from './commands/node/cluster.js';
import { NODE_COMMANDS } from './commands/node/node.js';
import { REPORT } from './commands/report.js';
import { DEFINITION_COMMANDS } from './commands/settings/definitions.js';
import { LIMIT_COMMANDS } from './commands/settings/limits.js';
import { PARAMETER_COMMANDS } from './commands/settings/parameters.js';
import { POLICY_COMMANDS } from './commands/settings/policies.js';
import { CONNECTION_COMMANDS } from './commands/topology/connections.js';
import { MESSAGE_COMMANDS } from './commands/topology/messages.js';
import { QUEUE_COMMANDS } from './commands/topology/queues.js';
import { VHOST_COMMANDS } from './commands/topology/vhosts.js';

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
