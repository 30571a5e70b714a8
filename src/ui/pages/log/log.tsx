/**
 * The broker's log as it comes: narrowed by level, area and text, held, followed, downloaded. What must hold: however
 * busy the log is, the page is drawn a few times a second, and holds so many entries at most.
 */
import type { JSX } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useEvents } from '../../api/events.js';
import { note } from '../../api/route.js';
import { hasTag } from '../../api/session.js';
import { saveFile } from '../../components/forms/save-file.js';
import type { PageProps } from '../../components/page/page-props.js';
import { Badge, Empty, Notice, Page, type Tone } from '../../components/page/parts.js';
import { clock, counted } from '../../text/format.js';
import { Entries, type Entry, HELD_MAX, type Held, isWanted, LEVELS, type Level, lineOf } from './entries.js';
import { LogLevels } from './log-levels.js';

/** Between two drawings (ms). */
const DRAW_MS = 200;
/** So many lines are drawn: the last ones. */
const DRAWN_MAX = 500;
/** As near to the end (px) whoever reads is taken to follow. */
const NEAR_PX = 24;

const TONES: Readonly<Record<Level, Tone>> = { debug: 'plain', info: 'plain', warning: 'warn', error: 'bad' };

export default function LogPage({ account, query }: PageProps): JSX.Element {
  const entries = useRef(new Entries());
  const [, draw] = useState(0);
  const [isHeld, setHeld] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const held = useRef<readonly Held[]>([]);
  useEvents(
    '/api/leveret/log',
    (kind, data) => {
      if (kind === 'entry') entries.current.add(data as Entry);
      if (kind === 'skipped') entries.current.lost += (data as { readonly events: number }).events;
    },
    (error) => setRefusal(error.message),
  );
  useEffect(() => {
    let drawn = -1;
    const timer = setInterval(() => {
      const last = entries.current.all.at(-1)?.id ?? 0;
      if (last !== drawn) draw(last);
      drawn = last;
    }, DRAW_MS);
    return () => clearInterval(timer);
  }, []);
  if (!isHeld) held.current = entries.current.all.slice();
  const level = LEVELS.find((one) => one === query.get('level')) ?? 'debug';
  const area = query.get('area') ?? '';
  const text = (query.get('text') ?? '').toLowerCase();
  const found = held.current.filter((entry) => isWanted(entry, { level, area, text }));
  const since = entries.current.all.filter(({ id }) => id > (held.current.at(-1)?.id ?? 0)).length;
  const areas = [...new Set(entries.current.all.map((entry) => entry.area))].sort();
  return (
    <Page
      title="Log"
      actions={
        <>
          <button type="button" aria-pressed={isHeld} onClick={() => setHeld(!isHeld)}>
            {isHeld ? 'Go on' : 'Pause'}
          </button>
          <button
            type="button"
            onClick={() => {
              entries.current.clear();
              held.current = [];
              draw(-1);
            }}
          >
            Clear
          </button>
          <button type="button" disabled={found.length === 0} onClick={() => download(found)}>
            Download
          </button>
        </>
      }
    >
      {refusal !== null && (
        <Notice tone="bad" title="The log cannot be followed">
          {refusal}
        </Notice>
      )}
      <div class="list-tools">
        <input
          type="search"
          class="search"
          aria-label="Search the log"
          placeholder="Search the log"
          spellcheck={false}
          value={query.get('text') ?? ''}
          onInput={({ currentTarget }) => note({ text: currentTarget.value })}
        />
        <select
          class="narrow"
          aria-label="Least level"
          value={level}
          onChange={({ currentTarget }) => note({ level: currentTarget.value === 'debug' ? '' : currentTarget.value })}
        >
          {LEVELS.map((one) => (
            <option key={one} value={one}>
              {one === 'debug' ? 'all levels' : one === 'error' ? 'errors' : `${one} and worse`}
            </option>
          ))}
        </select>
        <select
          class="narrow"
          aria-label="Area"
          value={area}
          onChange={({ currentTarget }) => note({ area: currentTarget.value })}
        >
          <option value="">all areas</option>
          {(area === '' || areas.includes(area) ? areas : [...areas, area]).map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <span class="list-count" aria-live="polite">
          {counted(found.length, 'entry', 'entries')}
          {isHeld && `, ${counted(since, 'new one', 'new ones')} since the pause`}
        </span>
      </div>
      <Lines found={found} isHeld={isHeld} isEmpty={entries.current.all.length === 0} />
      {entries.current.lost > 0 && (
        <p class="soft">
          {counted(entries.current.lost, 'older entry is', 'older entries are')} gone: this page holds the last{' '}
          {counted(HELD_MAX, 'entry', 'entries')}.
        </p>
      )}
      {hasTag(account, 'administrator') && <LogLevels />}
    </Page>
  );
}

interface LinesProps {
  readonly found: readonly Held[];
  readonly isHeld: boolean;
  readonly isEmpty: boolean;
}

/** Whoever has scrolled up reads there; whoever is at the end follows. */
function Lines({ found, isHeld, isEmpty }: LinesProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [isFollowing, setFollowing] = useState(true);
  const toEnd = useCallback(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, []);
  useEffect(() => {
    if (follows.current && !isHeld) toEnd();
  });
  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    follows.current = element.scrollTop + element.clientHeight >= element.scrollHeight - NEAR_PX;
    setFollowing(follows.current);
  };
  if (found.length === 0)
    return (
      <Empty title={isEmpty ? 'Nothing has been logged since this page was opened.' : 'Nothing here fits.'}>
        <p>
          {isEmpty
            ? 'The log is shown from now on. What was before stands where the broker writes it: standard output, or its file.'
            : 'Other entries are there: look for another level, area or text.'}
        </p>
      </Empty>
    );
  return (
    <div class="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <section class="log" ref={box} tabIndex={0} aria-label="Log entries" onScroll={onScroll}>
        <ol>
          {found.slice(-DRAWN_MAX).map((entry) => (
            <li key={entry.id} class={`log-${entry.level}`}>
              <time dateTime={new Date(entry.time).toISOString()}>{clock(entry.time)}</time>{' '}
              <Badge tone={TONES[entry.level]}>{entry.level}</Badge> <span class="log-area">{entry.area}</span>{' '}
              <span class="log-text">{entry.message}</span>
            </li>
          ))}
        </ol>
      </section>
      {!isFollowing && (
        <button
          type="button"
          class="log-follow"
          onClick={() => {
            toEnd();
            box.current?.focus();
          }}
        >
          To the newest
        </button>
      )}
    </div>
  );
}

function download(found: readonly Entry[]): void {
  const text = found.map((entry) => `${lineOf(entry)}\n`).join('');
  saveFile(new Blob([text], { type: 'text/plain' }), `leveret-${new Date().toISOString().slice(0, 19)}.log`);
}
