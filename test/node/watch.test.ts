/** What the watch makes of what workers say they do: looks are given by hand, so no time passes. */
import { expect, test } from 'vitest';
import { createProgress, Doing, Progress } from '../../src/event-loop/progress.js';
import { Watch } from '../../src/node/workers/watch.js';

/** So many looks a worker may let pass. */
const LOOKS = 5;

function watched(workers = 2) {
  const shared = createProgress(workers);
  const asked: number[] = [];
  const ended: number[] = [];
  const reports: string[] = [];
  const stuck: string[] = [];
  const watch = new Watch(shared, workers, {
    ask: (worker) => asked.push(worker),
    describe: (connection) => `connection ${connection}`,
    endSocket: (fd) => ended.push(fd),
    report: (line) => reports.push(line),
    stuck: (error) => stuck.push(error.message),
  });
  const progress = Array.from({ length: workers }, (_, index) => new Progress(shared, index));
  const look = (times: number): void => {
    for (let i = 0; i < times; i++) watch.look();
  };
  return { watch, progress, look, asked, ended, reports, stuck };
}

test('a worker that answers is left alone, however little it has to do', () => {
  const { progress, watch, asked, stuck } = watched();
  for (let i = 0; i < 10 * LOOKS; i++) {
    watch.look();
    for (const worker of asked.splice(0)) progress[worker]?.turnTo(Doing.NOTHING);
  }
  expect(stuck).toEqual([]);
});

test('a worker that is busy all the time is not even asked', () => {
  const { progress, watch, asked, stuck } = watched(1);
  for (let i = 0; i < 10 * LOOKS; i++) {
    progress[0]?.turnTo(Doing.READING, 7);
    watch.look();
  }
  expect({ asked, stuck }).toEqual({ asked: [], stuck: [] });
});

test('a worker that takes no step although it is asked is reported once, with what it was doing and for whom', () => {
  const { progress, look, stuck } = watched();
  progress[1]?.turnTo(Doing.READING, 7);
  // From here on the other one lives.
  look(1);
  progress[0]?.turnTo(Doing.NOTHING);
  look(LOOKS - 1);
  expect(stuck).toEqual([]);
  look(1);
  expect(stuck).toEqual(['worker 1 was handling what came in for connection 7, and has made no progress for 10 s']);
  progress[0]?.turnTo(Doing.NOTHING);
  look(1);
  expect(stuck.length).toBe(1);
});

test('a worker that has waited for the disk that long is reported, and does not end the broker', () => {
  const { progress, look, reports, stuck } = watched(1);
  progress[0]?.turnTo(Doing.DISK);
  look(3 * LOOKS);
  expect(reports).toEqual(['worker 0 was waiting for the disk, and has made no progress for 10 s']);
  expect(stuck).toEqual([]);
});

test('a worker that gives no sign of life is suspected soon, and no more once it does', () => {
  const { progress, look, watch } = watched(1);
  look(LOOKS - 1);
  expect(watch.suspects(0)).toBe(true);
  progress[0]?.turnTo(Doing.SERVING);
  look(1);
  expect(watch.suspects(0)).toBe(false);
});

test('sockets that were never taken are ended when their handshake is overdue, and others not', () => {
  const { progress, look, watch, ended } = watched();
  for (const fd of [30, 31, 32]) watch.handed(0, fd);
  progress[0]?.countTaken();
  look(LOOKS - 1);
  watch.handed(0, 33);
  expect(ended).toEqual([]);
  look(1);
  expect(ended).toEqual([31, 32]);
  for (let i = 0; i < 3; i++) progress[0]?.countTaken();
  look(2 * LOOKS);
  expect(ended).toEqual([31, 32]);
});

test('sockets that were never taken are known when their worker has ended, each once', () => {
  const { progress, watch } = watched();
  for (const fd of [30, 31, 32]) watch.handed(0, fd);
  progress[0]?.countTaken();
  expect(watch.untaken(0)).toEqual([31, 32]);
  expect(watch.untaken(0)).toEqual([]);
  expect(watch.untaken(1)).toEqual([]);
});

test('a worker that has ended is not missed', () => {
  const { look, watch, stuck, asked } = watched(1);
  watch.leave(0);
  look(2 * LOOKS);
  expect({ stuck, asked }).toEqual({ stuck: [], asked: [] });
});
