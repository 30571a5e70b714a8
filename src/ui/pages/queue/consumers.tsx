/** Who takes messages from a queue. */
import type { JSX } from 'preact';
import { href } from '../../api/route.js';
import { Badge, Empty, Section, Wide } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { count } from '../../text/format.js';
import type { WholeQueue } from './whole-queue.js';

export function Consumers({ queue }: { queue: WholeQueue }): JSX.Element {
  const { consumer_details: consumers = [] } = queue;
  return (
    <Section title={<Term name="consumer">Consumers</Term>}>
      {consumers.length === 0 ? (
        <Empty title="Nobody takes messages from this queue.">
          <p>They wait until a program consumes them. To look at them without taking them: the tab Messages.</p>
        </Empty>
      ) : (
        <Wide label="Consumers">
          <table>
            <thead>
              <tr>
                <th scope="col">Tag</th>
                <th scope="col">From</th>
                <th scope="col">User</th>
                <th scope="col">
                  <Term name="acknowledgement">Acknowledges</Term>
                </th>
                <th scope="col" class="number">
                  <Term name="prefetch">Prefetch</Term>
                </th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {consumers.map(({ consumer_tag: tag, channel_details: channel, ...one }) => (
                <tr key={`${channel.name} ${tag}`}>
                  <td class="mono">{tag}</td>
                  <td>
                    {channel.name === undefined ? (
                      channel.connection_name
                    ) : (
                      <a href={href('channels', channel.name)}>{channel.name}</a>
                    )}
                  </td>
                  <td>{channel.user}</td>
                  <td>{one.ack_required ? 'yes' : 'no'}</td>
                  <td class="number">{one.prefetch_count === 0 ? 'no limit' : count(one.prefetch_count)}</td>
                  <td>
                    <Badge tone={one.active ? 'good' : 'warn'}>{one.activity_status.replaceAll('_', ' ')}</Badge>
                    {one.exclusive && <Badge>exclusive</Badge>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </Section>
  );
}
