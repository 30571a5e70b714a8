/** What stands behind the checks, for those who watch over the broker. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { usePolled } from '../../api/polling.js';
import { Badge, Empty, Fact, Facts, Loading, Section, Trouble } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { PlainTable } from '../../components/tables/plain-table.js';
import { count, duration, moment, octets, percent } from '../../text/format.js';

interface Node {
  /** Of the process as a whole. */
  readonly mem_used: number;
  /** For messages and queues: the limit is about these. */
  readonly core_memory_used: number;
  readonly mem_limit: number;
  readonly mem_alarm: boolean;
  readonly disk_free: number;
  readonly disk_free_limit: number;
  readonly disk_free_alarm: boolean;
  readonly fd_used: number;
  readonly fd_total: number;
  readonly uptime: number;
}

interface Listener {
  readonly protocol: string;
  readonly ip_address: string;
  readonly port: number;
}

interface Certificate {
  readonly use: 'server' | 'authority';
  readonly subject: string;
  readonly names: string | null;
  readonly serial: string;
  readonly valid_from: string;
  readonly valid_to: string;
}

interface Thread {
  readonly name: string;
  readonly cpu_seconds: number;
  readonly busy_seconds: number;
  readonly ticks: number;
  readonly late_seconds: number;
}

export function Figures(): JSX.Element {
  return (
    <>
      <Resources />
      <Listeners />
      <Certificates />
      <Threads />
    </>
  );
}

function Resources(): JSX.Element {
  const { data, error } = usePolled<readonly Node[]>('/api/nodes');
  const node = data?.[0];
  return (
    <Section title="Alarms">
      {error !== null && <Trouble error={error} />}
      {node === undefined && error === null && <Loading />}
      {node !== undefined && (
        <Facts>
          <Fact name={<Term name="memory">Memory for messages and queues</Term>}>
            {octets(node.core_memory_used)} of {octets(node.mem_limit)} <Alarm isOn={node.mem_alarm} />
          </Fact>
          <Fact name="Disk">
            {node.disk_free_limit === 0 ? (
              'not watched'
            ) : (
              <>
                {octets(node.disk_free)} free, at least {octets(node.disk_free_limit)}{' '}
                <Alarm isOn={node.disk_free_alarm} />
              </>
            )}
          </Fact>
          <Fact name="Memory of the process">{octets(node.mem_used)}</Fact>
          <Fact name="File descriptors">
            {count(node.fd_used)} of {count(node.fd_total)}
          </Fact>
          <Fact name="Running for">{duration(node.uptime)}</Fact>
        </Facts>
      )}
    </Section>
  );
}

function Alarm({ isOn }: { isOn: boolean }): JSX.Element {
  return isOn ? <Badge tone="bad">alarm</Badge> : <Badge tone="good">enough</Badge>;
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  amqp: 'AMQP',
  'amqp/ssl': 'AMQP by TLS',
  http: 'this page and the HTTP API',
  https: 'this page and the HTTP API, by TLS',
  'http/web-amqp': 'AMQP by WebSocket',
  'https/web-amqp': 'AMQP by WebSocket and TLS',
  'http/prometheus': 'metrics for Prometheus',
};

function Listeners(): JSX.Element {
  const { data, error } = usePolled<{ readonly listeners?: readonly Listener[] }>('/api/overview?columns=listeners');
  const listeners = data?.listeners ?? [];
  return (
    <Section title={<Term name="listener">Listeners</Term>}>
      {error !== null && <Trouble error={error} />}
      {data === undefined && error === null && <Loading />}
      {listeners.length > 0 && (
        <PlainTable<Listener>
          label="Listeners"
          rows={listeners}
          keyOf={({ protocol, ip_address: host, port }) => `${protocol} ${host} ${port}`}
          columns={[
            { label: 'Port', isNumber: true, cell: ({ port }) => port },
            { label: 'Address', cell: ({ ip_address: host }) => <code>{host}</code> },
            { label: 'For', cell: ({ protocol }) => PROTOCOLS[protocol] ?? protocol },
          ]}
        />
      )}
    </Section>
  );
}

const DAY_MS = 86_400_000;
/** Fewer days are a reason to act. */
const SOON_DAYS = 30;

function Certificates(): JSX.Element {
  const { data, error } = usePolled<readonly Certificate[]>('/api/leveret/certificates', 60_000);
  return (
    <Section title="Certificates">
      {error !== null && <Trouble error={error} />}
      {data === undefined && error === null && <Loading />}
      {data?.length === 0 && (
        <Empty title="There are none.">
          <p>Nothing is encrypted by this broker. tls_cert and tls_key in its configuration change that.</p>
        </Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <PlainTable<Certificate>
          label="Certificates"
          rows={data}
          keyOf={({ use, serial, subject }) => `${use} ${serial} ${subject}`}
          columns={[
            { label: 'For', cell: ({ use }) => (use === 'server' ? 'the broker itself' : 'checking clients') },
            { label: 'Whose', cell: ({ subject, names }) => subject || names || '–' },
            { label: 'Good until', cell: ({ valid_to: end }) => moment(Date.parse(end)) },
            { label: 'Left', cell: (one) => <Left certificate={one} /> },
          ]}
        />
      )}
    </Section>
  );
}

function Left({ certificate: { valid_from: start, valid_to: end } }: { certificate: Certificate }): JSX.Element {
  const days = Math.floor((Date.parse(end) - Date.now()) / DAY_MS);
  if (Date.parse(start) > Date.now()) return <Badge tone="bad">not good yet</Badge>;
  if (days < 0) return <Badge tone="bad">expired</Badge>;
  return <Badge tone={days < SOON_DAYS ? 'warn' : 'good'}>{count(days)} days</Badge>;
}

interface ThreadShares {
  readonly name: string;
  /** Of the time between two looks; null: it is the first one. */
  readonly cpu: number | null;
  readonly busy: number | null;
  /** ms */
  readonly late: number | null;
  /** It had nothing to do since the last look, not even timers. */
  readonly isResting: boolean;
}

function Threads(): JSX.Element {
  const { data, error } = usePolled<readonly Thread[]>('/api/leveret/threads');
  const shares = useShares(data);
  return (
    <Section title={<Term name="worker">Threads</Term>}>
      {error !== null && <Trouble error={error} />}
      {data === undefined && error === null && <Loading />}
      {shares.length > 0 && (
        <PlainTable<ThreadShares>
          label="Threads"
          rows={shares}
          keyOf={({ name }) => name}
          columns={[
            { label: 'Thread', cell: ({ name }) => (/^\d+$/.test(name) ? `worker ${name}` : name) },
            { label: 'CPU', isNumber: true, cell: ({ cpu }) => percent(cpu) },
            { label: 'Busy', isNumber: true, cell: ({ busy }) => percent(busy) },
            { label: 'Late by', isNumber: true, cell: ({ late }) => duration(late) },
            {
              label: 'State',
              cell: ({ isResting }) => (isResting ? <Badge>rests</Badge> : <Badge tone="good">goes on</Badge>),
            },
          ]}
        />
      )}
    </Section>
  );
}

interface Look {
  readonly at: number;
  readonly threads: readonly Thread[];
}

/** What the threads have done between the last two looks. */
function useShares(threads: readonly Thread[] | undefined): readonly ThreadShares[] {
  const looks = useRef<{ before: Look | null; now: Look | null }>({ before: null, now: null });
  if (threads !== undefined && looks.current.now?.threads !== threads)
    looks.current = { before: looks.current.now, now: { at: performance.now(), threads } };
  const { before, now } = looks.current;
  if (now === null) return [];
  return now.threads.map((thread) => {
    const last = before?.threads.find(({ name }) => name === thread.name);
    if (before === null || last === undefined)
      return { name: thread.name, cpu: null, busy: null, late: null, isResting: false };
    const seconds = (now.at - before.at) / 1000;
    const ticks = thread.ticks - last.ticks;
    return {
      name: thread.name,
      cpu: (thread.cpu_seconds - last.cpu_seconds) / seconds,
      busy: (thread.busy_seconds - last.busy_seconds) / seconds,
      late: ticks === 0 ? null : ((thread.late_seconds - last.late_seconds) * 1000) / ticks,
      isResting: ticks === 0,
    };
  });
}
