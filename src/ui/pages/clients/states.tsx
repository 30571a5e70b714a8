/** What the state of a connection, or of a channel, means, in plain words. */
import type { JSX } from 'preact';
import { Badge, type Tone } from '../../components/page/parts.js';

interface State {
  readonly tone: Tone;
  readonly word: string;
  /** Null: all is well, nothing is to be said. */
  readonly meaning: string | null;
}

const HANDSHAKE = 'It has connected, and its log-in is under way. One that stays so has stopped in the middle of it.';

const STATES: Readonly<Record<string, State>> = {
  running: { tone: 'good', word: 'running', meaning: null },
  flow: {
    tone: 'warn',
    word: 'held back',
    meaning:
      'It publishes faster than the broker can take it, and is made to wait for moments between. That is usual under full load: nothing is lost, and nothing is to be done.',
  },
  blocking: {
    tone: 'warn',
    word: 'will be blocked',
    meaning:
      'The broker is short of memory or disk. This connection goes on until it publishes: then it waits until there is room again. The alarms on the overview say what is short.',
  },
  blocked: {
    tone: 'bad',
    word: 'blocked',
    meaning:
      'The broker is short of memory or disk, and takes nothing of what this connection publishes until there is room again. The alarms on the overview say what is short; consumers that empty their queues make room.',
  },
  starting: { tone: 'plain', word: 'logging in', meaning: HANDSHAKE },
  tuning: { tone: 'plain', word: 'logging in', meaning: HANDSHAKE },
  opening: { tone: 'plain', word: 'logging in', meaning: HANDSHAKE },
  closing: { tone: 'plain', word: 'closing', meaning: 'Its end is under way.' },
};

export function stateOf(name: string): State {
  return STATES[name] ?? { tone: 'plain', word: name, meaning: null };
}

export function StateBadge({ state }: { state: string }): JSX.Element {
  const { tone, word, meaning } = stateOf(state);
  return (
    <span title={meaning ?? undefined}>
      <Badge tone={tone}>{word}</Badge>
    </span>
  );
}
