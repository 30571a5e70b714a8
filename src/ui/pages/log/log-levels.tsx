/** From which level on the broker tells of each area. It counts at once, and until the broker ends. */
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { call } from '../../api/client.js';
import { usePolled } from '../../api/polling.js';
import { Loading, Section, Trouble } from '../../components/page/parts.js';
import { tell, tellTrouble } from '../../components/page/status.js';

const PATH = '/api/leveret/log-levels';
/** The broker's words, in its order. */
const THRESHOLDS = ['debug', 'info', 'warning', 'error', 'none'] as const;

export function LogLevels(): JSX.Element {
  const { data, error, reload } = usePolled<Readonly<Record<string, string>>>(PATH);
  const set = (area: string | null, level: string): void => {
    call('PUT', PATH, area === null ? { level } : { level, area }).then(() => {
      tell(`The log tells ${area ?? 'all areas'} from ${level} on`);
      reload();
    }, tellTrouble);
  };
  return (
    <Section title="What the log tells">
      <p class="field-help">
        From which level on, by area: debug tells most. It counts at once, for this page and for where the log is
        written, until the broker ends.
      </p>
      {error !== null && <Trouble error={error} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && (
        <div class="levels">
          <Threshold name="all areas" value="" onChange={(level) => set(null, level)} />
          {Object.entries(data).map(([area, level]) => (
            <Threshold key={area} name={area} value={level} onChange={(next) => set(area, next)} />
          ))}
        </div>
      )}
    </Section>
  );
}

interface ThresholdProps {
  readonly name: string;
  /** Empty: they may differ. */
  readonly value: string;
  onChange(level: string): void;
}

function Threshold({ name, value, onChange }: ThresholdProps): JSX.Element {
  const id = useId();
  return (
    <div class="level">
      <label for={id}>{name}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {value === '' && <option value="">as it is</option>}
        {THRESHOLDS.map((level) => (
          <option key={level} value={level}>
            {level}
          </option>
        ))}
      </select>
    </div>
  );
}
