/** Where a queue's messages come from: drawn, listed, added and taken away. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { confirmed } from '../../components/forms/dialog.js';
import { TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { Action, Empty, Loading, Section, Trouble, Wide } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';

interface Binding {
  readonly source: string;
  readonly routing_key: string;
  readonly properties_key: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

interface BindingsProps {
  readonly vhost: string;
  readonly name: string;
}

export function Bindings({ vhost, name }: BindingsProps): JSX.Element {
  const { data, error, reload } = usePolled<readonly Binding[]>(pathOf('/api/queues', vhost, name, 'bindings'));
  const own = data?.filter(({ source }) => source !== '') ?? [];
  const remove = async ({ source, properties_key: key }: Binding): Promise<void> => {
    const text = `Messages of ${source} under this key no longer reach ${name} by it.`;
    if (!(await confirmed({ title: 'Take the binding away?', text, verb: 'Take away', isDestructive: true }))) return;
    await call('DELETE', pathOf('/api/bindings', vhost, 'e', source, 'q', name, key));
    tell('the binding is gone');
    reload();
  };
  return (
    <>
      <Section title={<Term name="binding">Bindings</Term>}>
        {error !== null && <Trouble error={error} />}
        {data === undefined && error === null && <Loading />}
        {data !== undefined && (
          <>
            <Wide label="Bindings, drawn">
              <BindingGraph bindings={data} name={name} />
            </Wide>
            {own.length === 0 && (
              <Empty title="No exchange leads here.">
                <p>Programs reach this queue by its name, through the default exchange, alone.</p>
              </Empty>
            )}
            {own.length > 0 && (
              <Wide label="Bindings">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">
                        <Term name="exchange">Exchange</Term>
                      </th>
                      <th scope="col">
                        <Term name="routing key">Routing key</Term>
                      </th>
                      <th scope="col">Arguments</th>
                      <th scope="col">
                        <span class="soft">Do</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {own.map((binding) => (
                      <tr key={`${binding.source} ${binding.properties_key}`}>
                        <td>{binding.source}</td>
                        <td class="mono">{binding.routing_key}</td>
                        <td class="mono">
                          {Object.keys(binding.arguments).length === 0 ? '' : JSON.stringify(binding.arguments)}
                        </td>
                        <td>
                          <Action run={() => remove(binding)} tone="danger">
                            Take away
                          </Action>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Wide>
            )}
          </>
        )}
      </Section>
      <AddBinding vhost={vhost} name={name} done={reload} />
    </>
  );
}

function AddBinding({ vhost, name, done }: BindingsProps & { done(): void }): JSX.Element {
  const [exchange, setExchange] = useState('');
  const [key, setKey] = useState('');
  const { data: exchanges } = usePolled<readonly { readonly name: string }[]>(
    `${pathOf('/api/exchanges', vhost)}?columns=name`,
  );
  const submit = async (): Promise<void> => {
    await call('POST', pathOf('/api/bindings', vhost, 'e', exchange, 'q', name), { routing_key: key, arguments: {} });
    tell(`${exchange} leads to ${name} now`);
    setKey('');
    done();
  };
  return (
    <Section title="Lead an exchange here">
      <Form verb="Bind" submit={submit}>
        <div class="fields">
          <TextField
            label="Exchange"
            value={exchange}
            onInput={setExchange}
            isRequired
            suggestions={(exchanges ?? []).map((one) => one.name).filter((one) => one !== '')}
          />
          <TextField label="Routing key" value={key} onInput={setKey} help="As the type of the exchange reads it." />
        </div>
      </Form>
    </Section>
  );
}

const ROW = 44;
const [WIDTH, BOX, HIGH] = [640, 190, 30];
/** More are listed below, but not drawn. */
const DRAWN = 30;

function BindingGraph({ bindings, name }: { bindings: readonly Binding[]; name: string }): JSX.Element {
  const drawn = bindings.slice(0, DRAWN);
  const height = Math.max(1, drawn.length) * ROW;
  const middle = height / 2;
  const words = drawn.map(
    ({ source, routing_key: key }) => `${source || 'the default exchange'} by ${key || 'any key'}`,
  );
  return (
    <svg
      class="binding-graph"
      viewBox={`0 0 ${WIDTH} ${height}`}
      width={WIDTH}
      height={height}
      role="img"
      aria-label={`To ${name} lead: ${words.join('; ')}`}
    >
      {drawn.map(({ source, routing_key: key, properties_key: id }, at) => {
        const y = at * ROW + ROW / 2;
        return (
          <g key={`${source} ${id}`}>
            <path d={`M ${BOX} ${y} C ${BOX + 120} ${y}, ${WIDTH - BOX - 120} ${middle}, ${WIDTH - BOX} ${middle}`} />
            <rect x="1" y={y - HIGH / 2} width={BOX} height={HIGH} rx="6" />
            <text x="12" y={y + 4}>
              {cut(source || '(default exchange)')}
            </text>
            <text x={BOX + 12} y={y - 6} class="key">
              {cut(key)}
            </text>
          </g>
        );
      })}
      <rect x={WIDTH - BOX - 1} y={middle - HIGH / 2} width={BOX} height={HIGH} rx="6" class="end" />
      <text x={WIDTH - BOX + 10} y={middle + 4}>
        {cut(name)}
      </text>
    </svg>
  );
}

function cut(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}
