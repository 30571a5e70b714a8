/** What `leveret cluster --help` prints, and docs/cluster-command.md (`npm run config-docs` writes it). */
import { flagText, helpOf } from '../config/flag-table.js';
import { wrapped } from '../config/help.js';
import { ACTION_NAMES, ACTIONS, actionText, FLAGS, SUBJECTS } from './table.js';

const INDENT = 18;
const WIDTH = 120;

const LINES = ACTION_NAMES.map((name) => `  ${actionText(name).padEnd(INDENT)}${ACTIONS[name].help}`).join('\n');

export const CLUSTER_HELP = `Usage: leveret cluster ${ACTION_NAMES.map(actionText).join(' | ')} [options]

Looks at the cluster that a node of this machine belongs to, and steers it.

${LINES}

${helpOf(FLAGS, SUBJECTS)}

Exit codes: 0, done; 1, the command line is wrong; 69, no node answers, it belongs to no cluster, or it
refuses.
`;

const INTRODUCTION = [
  'This page is made from the table of flags (`npm run config-docs`).',
  '`leveret cluster` looks at a cluster of nodes and steers it, by the HTTP API of a node on this machine ' +
    '([management.md](management.md)), which it finds as `leveret ctl` does ([ctl.md](ctl.md)): by the socket ' +
    '`ctl.sock` in the data directory, or the one that `--socket`, `--data`, `LEVERET_CTL_SOCKET` or `LEVERET_DATA` ' +
    'name. A node that belongs to no cluster says so. How a cluster works is told in ' +
    '[replication.md](design/replication.md); no option makes a node of a cluster yet.',
];

const STATUS = [
  '`status` may be asked of any node. What it tells is what that node has heard: `LAG` are messages of the stream that ' +
    'a node has not on disk, `SEEN` is when it was last heard of. `step-down` is told to the node that leads: nothing ' +
    'is delivered from then on, all that was published is certain first, and the standby takes over at once. Clients ' +
    'are closed, and come back by their own means. `remove` is refused of a node that is there.',
];

export function clusterPage(): string {
  const parts = [
    '# leveret cluster',
    ...INTRODUCTION.map((text) => wrapped(text, WIDTH).join('\n')),
    ACTION_NAMES.map((name) => bullet(`\`leveret cluster ${actionText(name)}\`: ${ACTIONS[name].help}.`)).join('\n'),
    ...STATUS.map((text) => wrapped(text, WIDTH).join('\n')),
    '## Options',
    Object.entries(FLAGS)
      .map(([key, flag]) => bullet(`\`${flagText(key, flag)}\`: ${flag.help}.`))
      .join('\n'),
    '## Exit codes',
    wrapped(
      '0, done; 1, the command line is wrong; 69, no node answers, it belongs to no cluster, or it refuses, with the ' +
        'reason on standard error.',
      WIDTH,
    ).join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function bullet(text: string): string {
  return wrapped(text, WIDTH - 2)
    .map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
    .join('\n');
}
