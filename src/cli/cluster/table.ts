/** All that `leveret cluster` takes: the parser, the help, the completion and docs/cluster-command.md are made from it. */
import { seconds } from '../config/client-kinds.js';
import type { TableFlag } from '../config/flag-table.js';
import { type Kind, text, yesOrNo } from '../config/kinds.js';

export const SUBJECTS = ['What is done', 'Whom it asks', 'What comes out'] as const;

function flag<T>(subject: (typeof SUBJECTS)[number], kind: Kind<T>, help: string): TableFlag<T> {
  return { kind, subject, help };
}

const FILE = text('FILE', 'the name of a file');
const DIR = text('DIR', 'the name of a directory');
const NODE = text('NODE', 'the name of a node');

export const FLAGS = {
  to: flag('What is done', NODE, 'with step-down: the standby that is to lead; else the one that is furthest'),
  socket: flag('Whom it asks', FILE, "the node's socket (ctl_socket)"),
  data: flag('Whom it asks', DIR, "the node's data directory, in which its socket is; ./data by default"),
  timeout: flag('Whom it asks', seconds, 'how long to wait for the node (s), 60 by default'),
  json: flag('What comes out', yesOrNo, 'with status: as the HTTP API tells it'),
} as const;

export interface ClusterAction {
  /** What stands behind it. */
  readonly argument: string | null;
  /** One sentence, without capital and full stop. */
  readonly help: string;
}

/** What may stand behind `leveret cluster`. */
export const ACTIONS = {
  status: { argument: null, help: 'tell of the nodes, who leads, how far each is, of the stream, and what is wrong' },
  'step-down': { argument: null, help: 'have the node that leads hand over; it is told to that node itself' },
  remove: { argument: 'NODE', help: 'have all forget a node that is gone for good; it is told to the node that leads' },
} as const satisfies Record<string, ClusterAction>;

export type Action = keyof typeof ACTIONS;

/** As it is written, with what stands behind it. */
export function actionText(name: Action): string {
  const { argument } = ACTIONS[name];
  return argument === null ? name : `${name} ${argument}`;
}

export function isAction(name: string): name is Action {
  return Object.hasOwn(ACTIONS, name);
}

export const ACTION_NAMES = Object.keys(ACTIONS).filter(isAction);
