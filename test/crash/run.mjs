/**
 * Crash tests: `npm run crash -- [--rounds N] [--seed S]`. One data directory lives through many lives of a broker,
 * most of which end by kill -9 at a random moment. After each start every queue is held to the account: what was
 * confirmed and not acknowledged is there, once and in order; what was acknowledged comes back only if the ack had not
 * reached the disk. Exits with 1 at the first fault; the directory is kept then.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Random } from '../../bench/soak/random.mjs';
import { LocalDirectory } from '../../dist/store/log/local-directory.js';
import { inspectLogs } from '../../dist/store/recovery/inspect.js';
import { QueueAccount } from './account.mjs';
import { Broker } from './broker.mjs';
import { QUEUES, startLoad } from './load.mjs';
import { declare, empty, look } from './queues.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    directory: { type: 'string', default: tmpdir() },
    bulk: { type: 'string', default: '80000' },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
/** One of so many rounds fills a queue beyond the broker's memory. */
const BULK_EVERY = 25;
/** One of so many rounds is JavaScript's. */
const JS_EVERY = 12;

/** @param {string} line */
const say = (line) => process.stdout.write(`${line}\n`);
const random = new Random(seed);
const clock = { life: 0 };
const accounts = new Map(QUEUES.map((name) => [name, new QueueAccount(name, clock)]));
const data = mkdtempSync(join(values.directory, 'leveret-crash-'));
const tally = { kills: 0, stops: 0, early: 0, purges: 0, looked: 0 };

/**
 * Octets that log files may take when they hold no message any more: what the last life said of acknowledgements, and
 * the beginnings of files.
 */
const EMPTY_OCTETS = 4 << 20;
const EMPTY_MS = 20_000;

/** Flags of a broker on the directory. @param {string} engine @param {number} workers @param {string} memory */
const flagsOf = (engine, workers, memory) => [
  '--engine',
  engine,
  '--workers',
  String(workers),
  '--memory',
  memory,
  '--data',
  data,
  '--disk-free-limit',
  '100M',
];

/** One life of the broker. */
async function round() {
  const life = ++clock.life;
  const bulk = life % BULK_EVERY === 7 ? Number(values.bulk) : 0;
  // A life after one with more messages than memory has little, too.
  const memory = life % BULK_EVERY >= 7 && life % BULK_EVERY <= 9 ? '64M' : '256M';
  const engine = life % JS_EVERY === 5 ? 'js' : 'wasm';
  const workers = engine === 'js' ? 1 : random.between(1, 2);
  const plan = `life ${life}: ${engine}, ${workers} workers, ${memory}${bulk > 0 ? `, ${bulk} in bulk` : ''}`;
  const broker = new Broker(flagsOf(engine, workers, memory));
  try {
    if (random.chance(0.06)) {
      await Promise.race([after(random.between(50, 700)), broker.listening]);
      await broker.kill();
      tally.early += 1;
      for (const account of accounts.values()) account.ended('early');
      return say(`${plan}, killed while it started`);
    }
    const began = performance.now();
    const port = await broker.listening;
    const started = performance.now() - began;
    await declare(port, accounts, random);
    let looked = 0;
    for (const account of accounts.values()) {
      const must = account.entries.size > 20_000;
      if (must ? random.chance(0.5) : random.chance(0.75)) looked += await look(port, account, random);
    }
    tally.looked += looked;
    // An answer that is relied on at once: the broker is gone before it can do anything else.
    if (random.chance(0.15)) {
      const account = accounts.get(QUEUES[random.between(0, QUEUES.length - 1)] ?? '');
      if (account !== undefined) await empty(port, account);
      await broker.kill();
      tally.purges += 1;
      for (const each of accounts.values()) each.ended('killed');
      return say(`${plan}, killed right after the purge of ${account?.name}, ${held()} now`);
    }
    const lookedMs = performance.now() - began - started;
    const how = { stopped: false };
    /** @type {Error[]} */
    const failures = [];
    const load = startLoad(port, accounts, random, { life, bulk, how, fail: (error) => failures.push(error) });
    // Not all of it: the moment of the end is as random with much in flight.
    await Promise.race([load.filled, after(30_000)]);
    await after(random.between(0, 700));
    if (!broker.alive) throw new Error(`the broker ended by itself: ${broker.output}`);
    const refusal = [...load.open].find((connection) => connection.refusal !== null)?.refusal;
    const orderly = random.chance(0.2);
    if (orderly) await broker.stop();
    else await broker.kill();
    how.stopped = true;
    for (const connection of load.open) connection.cut();
    await Promise.allSettled(load.work);
    if (failures.length > 0) throw failures[0];
    if (refusal) throw new Error(`the broker refused: ${refusal}`);
    for (const account of accounts.values()) account.ended(orderly ? 'stopped' : 'killed');
    tally[orderly ? 'stops' : 'kills'] += 1;
    say(
      `${plan}, ${orderly ? 'stopped' : 'killed'}; started in ${started.toFixed(0)} ms, ${looked} messages there (${lookedMs.toFixed(0)} ms), ${held()} now`,
    );
  } catch (error) {
    say(`${plan}: output of the broker: ${broker.output}`);
    throw error;
  } finally {
    if (broker.alive) await broker.kill();
  }
}

/**
 * A last life in which everything is acknowledged: what nobody needs leaves the disk, whatever all the lives before
 * have left there.
 */
async function settle() {
  clock.life += 1;
  const broker = new Broker(flagsOf('wasm', 2, '256M'));
  try {
    const port = await broker.listening;
    await declare(port, accounts, random);
    for (const account of accounts.values()) await look(port, account, random, true);
    const deadline = performance.now() + EMPTY_MS;
    for (;;) {
      const files = await logFiles();
      const octets = files.reduce((sum, { octets }) => sum + octets, 0);
      if (octets <= EMPTY_OCTETS) break;
      const listing = files.map((file) => `${file.name}: ${file.octets}`).join(', ');
      if (performance.now() > deadline) throw new Error(`the log of empty queues takes ${octets} octets (${listing})`);
      await after(100);
    }
    await broker.stop();
  } finally {
    if (broker.alive) await broker.kill();
  }
}

/**
 * The log files with the octets that are written in them, while a broker may be at work on them. What a file has beyond
 * its end, of its own or from a former use, does not count, nor do files that are kept to be written anew, of which
 * there are at most two.
 */
async function logFiles() {
  const log = await LocalDirectory.at(join(data, 'log'));
  for (;;) {
    const { files, others } = await inspectLogs(log).catch((error) => {
      if (error.code === 'ENOENT') return { files: null, others: [] };
      throw error;
    });
    const spares = others.filter((name) => name.startsWith('spare-'));
    if (spares.length > 2) throw new Error(`dead files are kept: ${spares.join(', ')}`);
    // Else one went while it was looked at.
    if (files !== null) return files;
  }
}

function held() {
  return [...accounts.values()].reduce((sum, { entries }) => sum + entries.size, 0);
}

say(`crash: ${rounds} rounds, --seed ${seed}, ${data}`);
try {
  const began = performance.now();
  for (let each = 0; each < rounds; each++) await round();
  await settle();
  const returned = [...accounts.values()].reduce((sum, account) => sum + account.returned, 0);
  say(
    `${tally.kills} kills, ${tally.early} while starting, ${tally.purges} right after a purge, ${tally.stops} orderly ends; ${tally.looked} messages looked at; ${returned} came back whose ack had not reached the disk; ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
  rmSync(data, { recursive: true, force: true });
} catch (error) {
  say(`FAULT (--seed ${seed}, ${data}): ${error instanceof Error ? error.stack : error}`);
  process.exitCode = 1;
}
process.exit();
