/** Moves messages to another queue or exchange, or replays dead letters; and shows how far moves are. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, pathOf } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { ChoiceField, TextField } from '../../components/forms/fields.js';
import { Form } from '../../components/forms/form.js';
import { Action, Badge, Section, type Tone, Wide } from '../../components/page/parts.js';
import { tell } from '../../components/page/status.js';
import { Term } from '../../components/page/term.js';
import { count } from '../../text/format.js';

interface MoveRow {
  readonly id: string;
  readonly vhost: string;
  readonly queue: string;
  readonly to: unknown;
  readonly state: 'running' | 'waiting' | 'done' | 'failed' | 'cancelled';
  readonly reason: string | null;
  readonly moved: number;
  readonly passed: number;
  readonly unroutable: number;
}

const TARGETS = [
  ['queue', 'another queue'],
  ['exchange', 'an exchange, each under its own key'],
  ['origin', 'where each was published to before it died'],
] as const;

type Target = (typeof TARGETS)[number][0];

interface MoveProps {
  readonly path: string;
  readonly vhost: string;
  readonly name: string;
}

export function Move({ path, vhost, name }: MoveProps): JSX.Element {
  const [target, setTarget] = useState<Target>('queue');
  const [to, setTo] = useState('');
  const [most, setMost] = useState('');
  const [match, setMatch] = useState('');
  const { data: moves, reload } = usePolled<readonly MoveRow[]>('/api/leveret/moves', 1_000);
  const { data: queues } = usePolled<readonly { readonly name: string }[]>(
    `${pathOf('/api/queues', vhost)}?disable_stats=true&columns=name`,
    60_000,
  );
  const isWrong = most !== '' && !/^[1-9]\d{0,8}$/.test(most);
  const submit = async (): Promise<void> => {
    const body = {
      to: target === 'origin' ? target : { [target]: to },
      ...(most === '' ? {} : { count: Number(most) }),
      ...(match === '' ? {} : { filter: { match } }),
    };
    await call('POST', `${path}/move`, body);
    tell('the move has begun');
    reload();
  };
  const own = (moves ?? []).filter((move) => move.vhost === vhost && move.queue === name).reverse();
  return (
    <>
      <Section title="Move or replay what is ready">
        <Form verb="Move" submit={submit} isWrong={isWrong}>
          <div class="fields">
            <ChoiceField<Target>
              label="To"
              value={target}
              onChange={setTarget}
              options={TARGETS}
              help="Nothing is lost or doubled: what leads nowhere stays."
            />
            {target !== 'origin' && (
              <TextField
                label={target === 'queue' ? 'Queue' : 'Exchange'}
                value={to}
                onInput={setTo}
                isRequired
                {...(target === 'queue'
                  ? { suggestions: (queues ?? []).slice(0, SUGGESTED).map((one) => one.name) }
                  : {})}
              />
            )}
            <TextField
              label="At most"
              value={most}
              onInput={setMost}
              help="Nothing: all that are ready when it begins."
              error={isWrong ? 'This must be a whole number from 1 on.' : undefined}
            />
            <TextField
              label="Only those with"
              value={match}
              onInput={setMatch}
              help="In key, properties, headers or body."
            />
          </div>
        </Form>
        <p class="soft">
          To replay a <Term name="dead letter">dead letter</Term> is to send it to where it was published to.
        </p>
      </Section>
      {own.length > 0 && (
        <Section title="Moves of this queue">
          <Wide label="Moves">
            <table>
              <thead>
                <tr>
                  <th scope="col">State</th>
                  <th scope="col">To</th>
                  <th scope="col" class="number">
                    Moved
                  </th>
                  <th scope="col" class="number">
                    Did not match
                  </th>
                  <th scope="col" class="number">
                    Led nowhere
                  </th>
                  <th scope="col">
                    <span class="soft">Do</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {own.map((move) => (
                  <MoveLine key={move.id} move={move} reload={reload} />
                ))}
              </tbody>
            </table>
          </Wide>
        </Section>
      )}
    </>
  );
}

/** More would be slow to choose from. */
const SUGGESTED = 200;

const TONES: Readonly<Record<MoveRow['state'], Tone>> = {
  running: 'plain',
  waiting: 'warn',
  done: 'good',
  failed: 'bad',
  cancelled: 'plain',
};

function MoveLine({ move, reload }: { move: MoveRow; reload(): void }): JSX.Element {
  const { id, state, reason, to, moved, passed, unroutable } = move;
  const end = async (): Promise<void> => {
    await call('DELETE', pathOf('/api/leveret/moves', id));
    reload();
  };
  return (
    <tr>
      <td>
        <Badge tone={TONES[state]}>{state}</Badge> {reason}
      </td>
      <td class="mono">{typeof to === 'string' ? to : JSON.stringify(to)}</td>
      <td class="number">{count(moved)}</td>
      <td class="number">{count(passed)}</td>
      <td class="number">{count(unroutable)}</td>
      <td>{(state === 'running' || state === 'waiting') && <Action run={end}>End</Action>}</td>
    </tr>
  );
}
