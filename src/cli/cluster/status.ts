/** How a cluster is, as lines for people. What must hold: columns stand below each other, whatever nodes are called. */

/** As `GET /api/leveret/cluster` tells it, as far as it is shown. */
export interface ClusterStatusJson {
  readonly node: string;
  readonly role: string;
  readonly serves: boolean;
  readonly epoch: number;
  readonly leader: string | null;
  readonly nodes: readonly {
    readonly name: string;
    readonly version: string;
    readonly address: string | null;
    readonly state: string;
    readonly applied: number;
    readonly lag: number;
    readonly lag_seconds: number | null;
    readonly seen_seconds_ago: number;
    readonly trouble: string | null;
  }[];
  readonly stream: {
    readonly state: string;
    readonly first: number;
    readonly last: number;
    readonly bytes: number;
    readonly leader: string | null;
    readonly replicas: readonly { readonly server: string; readonly current: boolean }[];
  } | null;
  readonly weaknesses: readonly string[];
  readonly trouble: string | null;
  readonly alarms: readonly string[];
  readonly counts: {
    readonly appends: number;
    readonly records: number;
    readonly bytes: number;
    readonly take_overs: number;
    readonly last_take_over_seconds: number | null;
  };
}

const COLUMNS = ['NODE', 'STATE', 'APPLIED', 'LAG', 'SEEN', 'ADDRESS', 'VERSION'] as const;
const GAP = '  ';

export function statusText(status: ClusterStatusJson): string {
  const { nodes, stream, weaknesses, trouble, alarms, counts } = status;
  const lines = [
    headLine(status),
    '',
    ...table([[...COLUMNS], ...nodes.map(nodeCells)]),
    '',
    ...(stream === null ? ['stream: nothing was heard of it yet'] : streamLines(stream)),
    weaknesses.length === 0
      ? 'sync: what is confirmed is on the disks of a majority'
      : `sync: weaker than it should be: ${weaknesses.join('; ')}`,
    `this node: ${counts.appends} messages appended (${counts.records} records, ${counts.bytes} octets), ${takeOvers(counts)}`,
    ...(trouble === null ? [] : [`trouble: ${trouble}`]),
    ...nodes.flatMap((node) => (node.trouble === null ? [] : [`trouble of ${node.name}: ${node.trouble}`])),
    ...alarms.map((alarm) => `alarm: ${alarm}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function headLine({ node, role, serves, epoch, leader }: ClusterStatusJson): string {
  const leads = leader === null ? 'no node leads' : `node ${leader} leads`;
  const state = role === 'leader' && !serves ? 'leader, and does not serve at the moment' : role;
  return `${leads}, epoch ${epoch}; told by node ${node} (${state})`;
}

function nodeCells({ name, state, applied, lag, address, version, ...node }: ClusterStatusJson['nodes'][number]) {
  const late = node.lag_seconds === null || lag === 0 ? '' : ` (${node.lag_seconds} s)`;
  return [name, state, `${applied}`, `${lag}${late}`, agoText(node.seen_seconds_ago), address ?? '-', version];
}

function agoText(seconds: number): string {
  return seconds < 2 ? 'now' : `${Math.round(seconds)} s ago`;
}

function streamLines({ state, first, last, bytes, leader, replicas }: NonNullable<ClusterStatusJson['stream']>) {
  const servers = replicas.map(({ server, current }) => `${server}${current ? '' : ' (behind, or away)'}`).join(', ');
  const kept = last < first ? 'no messages' : `messages ${first} to ${last}, ${bytes} octets`;
  return [`stream: ${state}, ${leader === null ? 'led by none' : `led by ${leader}`}, ${kept}`, `servers: ${servers}`];
}

function takeOvers({ take_overs: times, last_take_over_seconds: last }: ClusterStatusJson['counts']): string {
  const count = `${times} ${times === 1 ? 'take-over' : 'take-overs'}`;
  return last === null ? count : `${count}, the last in ${last} s`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths = COLUMNS.map((_, at) => Math.max(...cells.map((row) => [...(row[at] ?? '')].length)));
  return cells.map((row) =>
    row
      .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - [...cell].length))
      .join(GAP)
      .trimEnd(),
  );
}

/** Names are of others: none moves the cursor, or begins a line. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}
