/** What a queue is: how it was declared, and which policies are in force. */
import type { JSX } from 'preact';
import { Fact, Facts, Section } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { octets } from '../../text/format.js';
import type { WholeQueue } from './whole-queue.js';

export function Details({ queue }: { queue: WholeQueue }): JSX.Element {
  const { policy, operator_policy: operators, effective_policy_definition: definition } = queue;
  return (
    <>
      <Section title="How it was declared">
        <Facts>
          <Fact name="Type">{queue.type}</Fact>
          <Fact name={<Term name="durable">Durable</Term>}>{yesOrNo(queue.durable)}</Fact>
          <Fact name={<Term name="auto-delete">Auto-delete</Term>}>{yesOrNo(queue.auto_delete)}</Fact>
          <Fact name={<Term name="exclusive">Exclusive</Term>}>{yesOrNo(queue.exclusive)}</Fact>
          <Fact name="Node">{queue.node}</Fact>
          <Fact name="Unused since">{queue.idle_since ?? '–'}</Fact>
          <Fact name="Octets of ready bodies">{octets(queue.message_bytes_ready)}</Fact>
          <Fact name="Single active consumer">{queue.single_active_consumer_tag ?? '–'}</Fact>
        </Facts>
      </Section>
      <Section title="Arguments">
        <Pairs of={queue.arguments} none="It was declared without arguments." />
      </Section>
      <Section title={<Term name="policy">Policy in force</Term>}>
        <Facts>
          <Fact name="Policy">{policy ?? 'none'}</Fact>
          <Fact name={<Term name="operator policy">Operator policy</Term>}>{operators ?? 'none'}</Fact>
        </Facts>
        <Pairs of={definition} none="No policy says anything about this queue." />
      </Section>
    </>
  );
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function Pairs({ of, none }: { of: Readonly<Record<string, unknown>>; none: string }): JSX.Element {
  const pairs = Object.entries(of);
  if (pairs.length === 0) return <p class="soft">{none}</p>;
  return (
    <table>
      <tbody>
        {pairs.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
