/** The ledger of the stress notices what must not happen, and is content with what may. */
import { expect, test } from 'vitest';
import { faultCount } from '../../bench/limit/progress.mjs';
import { Ledger } from '../../bench/stress/ledger.mjs';

/** How many faults it reports. */
function faultsOf(story: (ledger: Ledger) => void): number {
  const before = faultCount();
  const ledger = new Ledger(10);
  story(ledger);
  ledger.close();
  return faultCount() - before;
}

test.each<[name: string, story: (ledger: Ledger, message: number) => void]>([
  ['a confirmed message that does not come', (ledger, message) => ledger.confirm(message)],
  [
    'a message that comes twice without a mark',
    (ledger, message) => {
      ledger.deliver(message, false);
      ledger.deliver(message, false);
    },
  ],
  [
    'a message that comes after it was acknowledged',
    (ledger, message) => {
      ledger.deliver(message, false);
      ledger.ack(message);
      ledger.deliver(message, true);
    },
  ],
  ['a message that nobody published', (ledger) => ledger.deliver(7, false)],
])('it reports %s', (_name, story) => {
  expect(faultsOf((ledger) => story(ledger, ledger.produce()))).toBe(1);
});

test.each<[name: string, story: (ledger: Ledger, message: number) => void]>([
  ['an unconfirmed message that does not come', (ledger, message) => ledger.unknown(message)],
  [
    'a message that comes again with a mark, before it is acknowledged',
    (ledger, message) => {
      ledger.confirm(message);
      ledger.deliver(message, false);
      ledger.deliver(message, true);
      ledger.ack(message);
    },
  ],
  [
    'a message that comes again because its acknowledgement was cut off',
    (ledger, message) => {
      ledger.deliver(message, false);
      ledger.ack(message);
      ledger.doubt(message);
      ledger.deliver(message, true);
    },
  ],
  [
    'a confirmed message that went with its queue',
    (ledger, message) => {
      ledger.confirm(message);
      ledger.gone(message);
    },
  ],
])('it bears %s', (_name, story) => {
  expect(faultsOf((ledger) => story(ledger, ledger.produce()))).toBe(0);
});
