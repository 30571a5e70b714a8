/** What is wrong with the node, in plain words, with what to do about it. */
import type { JSX } from 'preact';
import { Notice } from '../../components/page/parts.js';
import { octets } from '../../text/format.js';

export interface NodeRow {
  readonly name: string;
  readonly uptime: number;
  readonly mem_used: number;
  readonly mem_limit: number;
  readonly mem_alarm: boolean;
  readonly core_memory_used: number;
  readonly core_memory_free: number;
  readonly disk_free: number;
  readonly disk_free_limit: number;
  readonly disk_free_alarm: boolean;
  readonly fd_used: number;
  readonly fd_total: number;
  readonly db_dir: string;
  readonly processors: number;
}

/** Shares of a limit from which one should look at it. */
const NEAR = 0.8;

export function Alarms({ node }: { node: NodeRow }): JSX.Element {
  const { mem_alarm: isShort, disk_free_alarm: isLow, fd_used: used, fd_total: most } = node;
  const isNearDescriptors = most > 0 && used / most > NEAR;
  if (!isShort && !isLow && !isNearDescriptors)
    return (
      <Notice tone="good" title="All is well.">
        No alarm is in effect.
      </Notice>
    );
  return (
    <div role="alert">
      {isShort && (
        <Notice tone="bad" title="Memory is short: nobody may publish.">
          {octets(node.core_memory_used)} are in use, {octets(node.core_memory_free)} are free. Look for{' '}
          <a href="#/queues?sort=messages_ready&down=1">the longest queues</a>: let consumers take their messages, purge
          what nobody needs, or start the broker with more memory.
        </Notice>
      )}
      {isLow && (
        <Notice tone="bad" title="The disk is nearly full: nobody may publish.">
          {octets(node.disk_free)} are free where {octets(node.disk_free_limit)} must be ({node.db_dir}). Make room on
          that disk, or let consumers empty <a href="#/queues?sort=messages_ready&down=1">the longest queues</a>.
          Publishers go on by themselves then.
        </Notice>
      )}
      {isNearDescriptors && (
        <Notice tone="warn" title="Soon no more clients can connect.">
          {used} of {most} file descriptors are in use. Close connections that nobody needs, or let the process have
          more (LimitNOFILE of systemd, ulimit -n).
        </Notice>
      )}
    </div>
  );
}
