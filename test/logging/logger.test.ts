/** How entries of the operator's log are made: what is wanted, once, in order, and harmless to whoever reads it. */
import { expect, test } from 'vitest';
import { type Area, LogLevels } from '../../src/logging/levels.js';
import { type LogEntry, Logger } from '../../src/logging/logger.js';
import { printable, quoted } from '../../src/logging/printable.js';
import { entryWriter } from '../../src/logging/target.js';

function logging(): { levels: LogLevels; logger: Logger; batches: LogEntry[][]; turn: () => Promise<void> } {
  const levels = new LogLevels();
  const batches: LogEntry[][] = [];
  const logger = new Logger(levels, (entries) => void batches.push([...entries]));
  return { levels, logger, batches, turn: () => new Promise((resolve) => setImmediate(resolve)) };
}

test('entries of one turn go together, in their order', async () => {
  const { levels, logger, batches, turn } = logging();
  levels.setAll({ default: 'info' });
  logger.info('connection', 'one');
  logger.warning('tls', 'two', { port: 5671 });
  await turn();
  logger.error('broker', 'three');
  logger.flush();
  await turn();
  expect(batches.map((batch) => batch.map(({ level, area, message }) => [level, area, message]))).toEqual([
    [
      ['info', 'connection', 'one'],
      ['warning', 'tls', 'two'],
    ],
    [['error', 'broker', 'three']],
  ]);
  expect(batches[0]?.[1]?.fields).toEqual({ port: 5671 });
});

test('levels are those of each area, and change for all threads that share them', () => {
  const { levels, logger, batches } = logging();
  levels.setAll({ default: 'warning', connection: 'debug' });
  const say = (area: Area): void => {
    logger.debug(area, 'debug');
    logger.info(area, 'info');
    logger.warning(area, 'warning');
    logger.error(area, 'error');
  };
  const said = (): string[] => {
    logger.flush();
    return (batches.pop() ?? []).map(({ message }) => message);
  };
  say('connection');
  expect(said()).toEqual(['debug', 'info', 'warning', 'error']);
  say('channel');
  expect(said()).toEqual(['warning', 'error']);
  new LogLevels(levels.shared).set('channel', 'none');
  say('channel');
  expect(said()).toEqual([]);
});

test('what a client has put into a name moves no cursor, ends no line and is bounded', () => {
  expect(printable('a\u001b[2Jb\r\nc\u202ed\u0000', 100)).toBe('a\\x1b[2Jb\\r\\nc\\u{202e}d\\x00');
  expect(printable('\ud800 Grüße 🐇', 100)).toBe('\\u{d800} Grüße 🐇');
  expect(quoted('x'.repeat(100_000)).length).toBeLessThan(300);
  const { levels, logger, batches } = logging();
  levels.setAll({ default: 'info' });
  logger.info('connection', `\u001b]0;owned\u0007${'y'.repeat(1e6)}`);
  logger.flush();
  const [entry] = batches[0] ?? [];
  expect(entry?.message.length).toBeLessThan(5_000);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(entry?.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

test('a program may take entries by a function, or by a logger with methods for levels', () => {
  const said: unknown[] = [];
  const method =
    (name: string) =>
    (fields: object, message: string): void => {
      said.push([name, fields, message]);
    };
  const write = entryWriter({
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
  });
  write({ time: 0, level: 'warning', area: 'alarm', message: 'low', fields: { free: 1 } });
  write({ time: 0, level: 'info', area: 'broker', message: 'up' });
  expect(said).toEqual([
    ['warn', { area: 'alarm', free: 1 }, 'low'],
    ['info', { area: 'broker' }, 'up'],
  ]);
});
