/** What the broker can do, as RabbitMQ's tools ask for it, and what of it will go. */
import type { JSX } from 'preact';
import { usePolled } from '../../api/polling.js';
import { AdminNav } from '../../components/page/admin-nav.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Badge, Empty, Loading, Page, Section, Trouble } from '../../components/page/parts.js';
import { Term } from '../../components/page/term.js';
import { PlainTable } from '../../components/tables/plain-table.js';

interface Feature {
  readonly name: string;
  readonly desc: string;
  readonly state: string;
}

export default function FeaturesPage({ account }: PageProps): JSX.Element {
  return (
    <Page title="Features" above={<AdminNav account={account} at="/admin/features" />}>
      <Listed path="/api/feature-flags" title={<Term name="feature flag">Feature flags</Term>} label="Feature flags">
        <Empty title="There are none." />
      </Listed>
      <Listed path="/api/deprecated-features" title="Deprecated features" label="Deprecated features">
        <Empty title="Nothing that you may use here will go." />
      </Listed>
    </Page>
  );
}

interface ListedProps {
  readonly path: string;
  readonly title: JSX.Element | string;
  readonly label: string;
  /** Where there are none. */
  readonly children: JSX.Element;
}

function Listed({ path, title, label, children }: ListedProps): JSX.Element {
  const { data, error } = usePolled<readonly Feature[]>(path);
  return (
    <Section title={title}>
      {error !== null && <Trouble error={error} />}
      {data === undefined && error === null && <Loading />}
      {data?.length === 0 && children}
      {data !== undefined && data.length > 0 && (
        <PlainTable<Feature>
          label={label}
          rows={data}
          keyOf={({ name }) => name}
          columns={[
            { label: 'Name', cell: ({ name }) => <code>{name}</code> },
            { label: 'What it is', cell: ({ desc }) => desc },
            {
              label: 'State',
              cell: ({ state }) => <Badge tone={state === 'enabled' ? 'good' : 'plain'}>{state}</Badge>,
            },
          ]}
        />
      )}
    </Section>
  );
}
