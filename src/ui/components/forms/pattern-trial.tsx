/**
 * Expressions, tried on a name while they are written. The broker says what they match: it reads them in its own way,
 * which is not that of the browser.
 */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api/client.js';
import { Badge } from '../page/parts.js';
import { TextField } from './fields.js';

/** What the broker says of one. */
interface Match {
  readonly error: string | null;
  /** Null: it is no expression. */
  readonly matches: boolean | null;
}

/** How long somebody may not type before it is asked (ms). */
const TYPING_MS = 200;

export interface Trial {
  /** What is wrong with each expression, in the order in which they were given. */
  readonly errors: readonly (string | undefined)[];
  readonly matches: readonly (boolean | null)[];
}

/** The last answer holds until the next: what is shown does not flicker. */
export function useTrial(patterns: readonly string[], name: string): Trial {
  const [found, setFound] = useState<readonly Match[]>([]);
  const asked = JSON.stringify([patterns, name]);
  useEffect(() => {
    const controller = new AbortController();
    const ask = (): void => {
      call<readonly Match[]>('POST', '/api/leveret/patterns', { patterns, name }, controller.signal).then(
        setFound,
        // Whoever sets them is told then.
        () => {},
      );
    };
    const timer = setTimeout(ask, TYPING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [asked]);
  return {
    errors: patterns.map((_, at) => found[at]?.error ?? undefined),
    matches: patterns.map((_, at) => found[at]?.matches ?? null),
  };
}

interface TrialProps {
  readonly label: string;
  readonly help: string;
  readonly name: string;
  onName(name: string): void;
  /** What each expression allows, in order: `configure it`. */
  readonly rights: readonly string[];
  readonly trial: Trial;
}

/** A name to try, and what would be allowed with it. */
export function PatternTrial({ label, help, name, onName, rights, trial }: TrialProps): JSX.Element {
  return (
    <div class="trial">
      <TextField label={label} help={help} value={name} onInput={onName} />
      <p class="trial-said" aria-live="polite">
        {name !== '' &&
          rights.map((right, at) => (
            <Badge key={right} tone={trial.matches[at] === true ? 'good' : 'bad'}>
              {trial.matches[at] === true ? `may ${right}` : `may not ${right}`}
            </Badge>
          ))}
      </p>
    </div>
  );
}
