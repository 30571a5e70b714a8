/** A map of a vhost: exchanges, queues, and how fast messages go from one to the other. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { pathOf, withQuery } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { href, note, usePlace } from '../../api/route.js';
import { Empty, Loading, Notice, Page, Section, Trouble } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { useVhosts } from '../../components/tables/vhost-choice.js';
import { Graph } from '../../graph/graph.js';
import { count, counted } from '../../text/format.js';
import { graphOf, type TopologyMap } from './map-graph.js';
import { WayTable } from './way-table.js';

/** As many can be told apart. */
const SHOWN = 200;
/** How long somebody may not type before it is asked for (ms). */
const TYPING_MS = 300;

export default function TopologyPage(): JSX.Element {
  const { query } = usePlace();
  const vhosts = useVhosts();
  const vhost = query.get('vhost') ?? vhosts[0] ?? null;
  const name = query.get('name') ?? '';
  const path = vhost === null ? null : pathOf('/api/leveret/topology', vhost);
  const { data, error } = usePolled<TopologyMap>(path && withQuery(path, { name, limit: SHOWN }));
  return (
    <Page title="Topology">
      <p class="soft">
        Messages go from an <Term name="exchange" /> by its bindings to <Term name="queue">queues</Term>. Thicker ways
        have more of them. Where what is counted at both ends leaves several rates possible, the least and the most are
        told.
      </p>
      <div class="list-tools">
        <Filter value={name} />
        {vhosts.length > 1 && (
          <select
            class="narrow"
            aria-label="Vhost"
            value={vhost ?? ''}
            onChange={({ currentTarget }) => note({ vhost: currentTarget.value })}
          >
            {vhosts.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
        <span class="list-count" aria-live="polite">
          {data !== undefined && counted(data.nodes.length, 'exchange or queue', 'exchanges and queues')}
        </span>
      </div>
      {error !== null && <Trouble error={error} />}
      {data === undefined ? error === null && <Loading /> : <MapOf map={data} name={name} />}
    </Page>
  );
}

function MapOf({ map, name }: { map: TopologyMap; name: string }): JSX.Element {
  if (map.nodes.length === 0)
    return name === '' ? (
      <Empty title="There is nothing but what each vhost has from the beginning.">
        <p>
          <a href={href('exchanges')}>Add an exchange</a>, then bind queues to it; or have a program do so.
        </p>
      </Empty>
    ) : (
      <p class="empty">Nothing here has “{name}” in its name.</p>
    );
  return (
    <>
      {map.found > map.nodes.length && (
        <Notice tone="plain" title={`Of ${count(map.found)} the ${map.nodes.length} that are used most are shown.`}>
          Search for a name to see the others, with what they are bound to.
        </Notice>
      )}
      <Graph label={`Topology of the vhost ${map.vhost}`} {...graphOf(map)} isLarge />
      <Section title="The same as a table">
        <WayTable map={map} />
      </Section>
    </>
  );
}

function Filter({ value }: { value: string }): JSX.Element {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  return (
    <input
      type="search"
      class="search"
      placeholder="Search by name"
      aria-label="Search exchanges and queues by name"
      spellcheck={false}
      value={typed}
      onInput={({ currentTarget }) => {
        const text = currentTarget.value;
        setTyped(text);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => note({ name: text }), TYPING_MS);
      }}
    />
  );
}
