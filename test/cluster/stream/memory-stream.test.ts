/** The stream in memory: what every stream does, on virtual time, and the faults that it can be told to have. */
import { describe, expect, test } from 'vitest';
import type { AppendAnswer, LogStream } from '../../../src/cluster/stream/log-stream.js';
import { MemoryStream } from '../../../src/cluster/stream/memory-stream.js';
import { VirtualClock } from '../../../src/platform/virtual-clock.js';
import { randomFrom } from '../../store/support/simulated.js';
import type { Scene } from '../support/scene.js';
import { behaves } from './behaviours.js';

function make(seed = 1) {
  const clock = new VirtualClock();
  return { clock, stream: new MemoryStream({ clock, random: randomFrom(seed) }) };
}

/** Time goes on as long as somebody waits. */
async function runUntil<T>(clock: VirtualClock, what: string, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  promise.then(over, over);
  // What a step has resolved is heard of behind the microtasks that it has asked for.
  for (let idle = 0; !isOver && idle < 100; ) {
    idle = clock.step() ? 0 : idle + 1;
    await new Promise((resume) => setImmediate(resume));
  }
  if (!isOver) throw new Error(`${what} will not come: nothing happens any more`);
  return promise;
}

behaves({
  name: 'in memory',
  open: async (): Promise<Scene> => {
    const { clock, stream } = make();
    const cut = new Set<string>();
    const nodes = new Map<LogStream, string>();
    return {
      clock,
      connect: async (node) => {
        const handle = stream.connect(node);
        nodes.set(handle, node);
        return handle;
      },
      until: (what, promise) => runUntil(clock, what, promise),
      loseLeader: async () => {
        stream.stall(100);
        stream.elect();
      },
      loseConnection: async (handle) => {
        const node = nodes.get(handle) ?? '';
        cut.add(node);
        stream.cutOff(node, 'nobody');
      },
      restore: async () => {
        for (const node of cut) stream.heal(node);
        cut.clear();
      },
    };
  },
});

describe('a fault of the stream in memory', () => {
  /** Appends, and gives what is told until this time. */
  function appendUntil(clock: VirtualClock, stream: LogStream, expected: number, ms: number): AppendAnswer[] {
    const told: AppendAnswer[] = [];
    stream.append(Buffer.from('m'), expected, (answer) => told.push(answer));
    clock.runUntil(clock.now() + ms);
    return told;
  }
  const codeOf = ([answer]: AppendAnswer[]) => (answer?.kind === 'unknown' ? answer.error.code : answer?.kind);

  test('loses an answer: it is appended, and unknown', () => {
    const { clock, stream } = make();
    stream.chances.lostAnswer = 1;
    expect(codeOf(appendUntil(clock, stream.connect('a'), 0, 3000))).toBe('timeout');
    expect(stream.last).toBe(1);
  });

  test('loses a request: it is not appended, and unknown', () => {
    const { clock, stream } = make();
    stream.chances.lostRequest = 1;
    expect(codeOf(appendUntil(clock, stream.connect('a'), 0, 3000))).toBe('timeout');
    expect(stream.last).toBe(0);
  });

  test('refuses for a message that is lost', () => {
    const { clock, stream } = make();
    stream.chances.refused = 1;
    expect(appendUntil(clock, stream.connect('a'), 0, 3000)).toEqual([{ kind: 'refused', last: 1 }]);
    expect(stream.last).toBe(0);
  });

  test('stalls: what is appended meanwhile is unknown, and may come in later', () => {
    const { clock, stream } = make();
    stream.stall(5000);
    expect(codeOf(appendUntil(clock, stream.connect('a'), 0, 4000))).toBe('timeout');
    expect(stream.last).toBe(0);
    clock.runUntil(6000);
    expect(stream.last).toBe(1);
  });

  test('elects a leader: until then it says that there is none, and so does the state', () => {
    const { clock, stream } = make();
    const handle = stream.connect('a');
    const states: string[] = [];
    handle.onState((state) => states.push(state));
    stream.elect('s3');
    expect(codeOf(appendUntil(clock, handle, 0, 1000))).toBe('leaderless');
    clock.runUntil(10_000);
    expect([stream.leader, states]).toEqual(['s3', ['leaderless', 'connected']]);
    expect(codeOf(appendUntil(clock, handle, 0, 1000))).toBe('accepted');
  });

  test.each([
    ['nobody', [1], 'unknown', 'disconnected'],
    ['replica', [1], 'unknown', 'connected'],
    ['leader', [1], 'info', 'connected'],
  ] as const)('cuts a node off, which %s serves: it sees what was, and appends nothing', (servedBy, seen, info, state) => {
    const { clock, stream } = make();
    const [one, other] = [stream.connect('a'), stream.connect('b')];
    const told: number[] = [];
    appendUntil(clock, one, 0, 100);
    other.tail(1, { onMessage: (sequence) => told.push(sequence), onEnd: () => {} });
    clock.runUntil(clock.now() + 100);
    stream.cutOff('b', servedBy);
    appendUntil(clock, one, 1, 100);
    expect([told, other.state]).toEqual([seen, state]);
    expect(codeOf(appendUntil(clock, other, 2, 3000))).toBe('timeout');
    const answers: unknown[] = [];
    other.info((answer) => answers.push(answer.kind === 'info' ? answer.info.last : answer.kind));
    clock.runUntil(clock.now() + 3000);
    expect(answers).toEqual([info === 'info' ? 1 : 'unknown']);
    stream.heal('b');
    clock.runUntil(clock.now() + 100);
    expect([told, stream.last]).toEqual([[1, 2], 2]);
  });

  test('goes back: it has lost what it had accepted, and takes others in its place', () => {
    const { clock, stream } = make();
    const handle = stream.connect('a');
    for (const expected of [0, 1, 2]) appendUntil(clock, handle, expected, 100);
    stream.regress(2);
    expect(appendUntil(clock, handle, 3, 100)).toEqual([{ kind: 'refused', last: 1 }]);
    expect(appendUntil(clock, handle, 1, 100)).toEqual([{ kind: 'accepted', sequence: 2 }]);
  });

  test('comes out the same for the same seed', () => {
    const run = (seed: number) => {
      const { clock, stream } = make(seed);
      const handle = stream.connect('a');
      stream.chances.lostAnswer = 0.3;
      stream.chances.lostRequest = 0.3;
      const told: string[] = [];
      for (let expected = 0; expected < 20; expected++) {
        handle.append(Buffer.from('m'), expected, ({ kind }) => told.push(`${clock.now()} ${kind}`));
      }
      while (clock.step());
      return told;
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });
});

test('a handle that is closed tells nothing any more', () => {
  const { clock, stream } = make();
  const handle = stream.connect('a');
  const told: unknown[] = [];
  handle.append(Buffer.from('m'), 0, (answer) => told.push(answer));
  handle.tail(1, { onMessage: (sequence) => told.push(sequence), onEnd: (error) => told.push(error) });
  expect(handle.close()).toBeInstanceOf(Promise);
  while (clock.step());
  expect([told, handle.state, stream.last]).toEqual([[], 'closed', 1]);
});
