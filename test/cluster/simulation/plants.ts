/**
 * Faults that a protocol like this one may have, planted: the sources with a line of them changed. A plant whose line
 * is not there any more is an error, so that none of them withers unseen.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { simulate } from './simulation.js';

interface Edit {
  readonly file: string;
  readonly line: string;
  readonly planted: string;
}

export interface Plant {
  readonly fault: string;
  readonly edits: readonly Edit[];
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const protocol = 'src/cluster/protocol';

export const PLANTS: readonly Plant[] = [
  {
    fault: 'a leader delivers as long as it believes that it leads',
    edits: [
      {
        file: `${protocol}/leader-hold.ts`,
        line: "return passed > this.timing.pauseAfter || this.#isHandingOver ? 'pause' : 'serve';",
        planted: "return this.#isHandingOver ? 'pause' : 'serve';",
      },
    ],
  },
  {
    fault: 'the hold is measured from when an append was known to be certain, and not from its sending',
    edits: [
      {
        file: `${protocol}/leader-hold.ts`,
        line: 'this.#certainAt = sentAt;',
        planted: 'this.#certainAt = Math.max(sentAt, this.clock.elapsed());',
      },
    ],
  },
  {
    fault: 'a leader that hands over delivers on',
    edits: [
      {
        file: `${protocol}/leader-hold.ts`,
        line: 'this.#isHandingOver = true;',
        planted: 'this.#isHandingOver = false;',
      },
    ],
  },
  {
    fault: 'a standby does not wait for the whole lease',
    edits: [
      {
        file: `${protocol}/candidacy.ts`,
        line: 'const left = this.#heardAt + timing.lease - clock.elapsed();',
        planted: 'const left = this.#heardAt + timing.lease / 2 - clock.elapsed();',
      },
      {
        file: `${protocol}/candidacy.ts`,
        line: 'if (clock.elapsed() < this.#heardAt + timing.lease) this.#wait();',
        planted: 'if (clock.elapsed() < this.#heardAt + timing.lease / 2) this.#wait();',
      },
    ],
  },
  {
    fault: 'what is heard while a node is a candidate does not begin the lease anew',
    edits: [
      {
        file: `${protocol}/candidacy.ts`,
        line: "if (this.#state === 'tries') this.#wait();",
        planted: '',
      },
    ],
  },
  {
    fault: 'a new leader serves before its store has all that was before its fence',
    edits: [
      {
        file: `${protocol}/cluster-node.ts`,
        line: 'role.serves || this.applied < this.#fence) return;',
        planted: 'role.serves) return;',
      },
      {
        file: `${protocol}/follower.ts`,
        line: 'if (records.length > 0) this.#give(sequence, records, isOwn);',
        planted: 'if (records.length > 0 && !(isOwn && records[0]?.kind === 2)) this.#give(sequence, records, isOwn);',
      },
    ],
  },
  {
    fault: 'a leader serves however late it hears of its fence',
    edits: [
      {
        file: `${protocol}/cluster-node.ts`,
        line: "if (this.#hold.at(now) !== 'serve') return;",
        planted: '',
      },
    ],
  },
  {
    fault: 'what was sent is confirmed before it is certain',
    edits: [
      {
        file: `${protocol}/sequencer.ts`,
        line: 'this.#inFlight.push(message);',
        planted:
          'for (const { done } of message.records) done({ kind: "certain", sequence: 0 }); this.#inFlight.push({ ...message, records: [] });',
      },
    ],
  },
  {
    fault: 'what was accepted is confirmed, whatever stands before it',
    edits: [
      {
        file: 'src/cluster/stream/stream-writer.ts',
        line: "if (this.#entries[0]?.state === 'unsure') this.#find();",
        planted:
          "if (this.#entries[0]?.state === 'unsure') { if (this.#entries.some(({ state }) => state === 'accepted')) this.#tell(this.#entries[0]); else this.#find(); }",
      },
    ],
  },
  {
    fault: 'a deposed leader takes what stands there for a stray, and goes on',
    edits: [
      {
        file: `${protocol}/cluster-node.ts`,
        line: "judge: (sequence, octets) => (follower.judge(sequence, octets) === 'stray' ? 'stray' : 'counts'),",
        planted: "judge: () => 'stray',",
      },
    ],
  },
  {
    fault: 'records of a group are applied in another order',
    edits: [
      {
        file: `${protocol}/follower.ts`,
        line: "const records = reading.kind === 'record' ? recordsOf(reading.record) : [];",
        planted: "const records = reading.kind === 'record' ? [...recordsOf(reading.record)].reverse() : [];",
      },
    ],
  },
  {
    fault: 'a standby does not apply what it reads behind its own refused fence',
    edits: [
      {
        file: `${protocol}/cluster-node.ts`,
        line: 'if (octets !== null) this.#follower.take(sequence, octets, false);',
        planted: '',
      },
      {
        file: `${protocol}/follower.ts`,
        line: 'this.#tail = this.stream.tail(this.end.sequence + 1, {',
        planted: 'this.#tail = this.stream.tail(this.end.sequence + 2, {',
      },
    ],
  },
  {
    fault: 'the leader lets go of what it has applied, whoever else has not',
    edits: [
      {
        file: `${protocol}/members.ts`,
        line: 'upTo = Math.min(own, this.#elsewhere(), ...applied);',
        planted: 'upTo = own;',
      },
    ],
  },
  {
    fault: 'a new leader lets go before it has heard of all',
    edits: [{ file: `${protocol}/members.ts`, line: 'if (now - since >= seen) {', planted: 'if (since >= 0) {' }],
  },
  {
    fault: 'reading pauses amid a record that is longer than a standby may hold',
    edits: [
      {
        file: `${protocol}/follower.ts`,
        line: 'this.#parts += octets.length;',
        planted: 'this.#parts += octets.length; this.#hold();',
      },
      {
        file: `${protocol}/follower.ts`,
        line: 'return this.#octets >= this.octetsMax;',
        planted: 'return this.#octets + this.#parts >= this.octetsMax;',
      },
      {
        file: `${protocol}/follower.ts`,
        line: '2 * this.#octets < this.octetsMax',
        planted: '2 * (this.#octets + this.#parts) < this.octetsMax',
      },
    ],
  },
  {
    fault: 'a standby reads on however far its store is behind',
    edits: [
      {
        file: `${protocol}/follower.ts`,
        line: 'if (!this.#isPaused && this.isFull) {',
        planted: 'if (this.octetsMax < 0) {',
      },
    ],
  },
  {
    fault: 'a leader lets go of what it alone has on its disk',
    edits: [
      {
        file: `${protocol}/members.ts`,
        line: 'upTo = Math.min(own, this.#elsewhere(), ...applied);',
        planted: 'upTo = Math.min(own, ...applied);',
      },
    ],
  },
  {
    fault: 'a writer looks for ever for what is purged',
    edits: [
      {
        file: 'src/cluster/stream/stream-writer.ts',
        line: '} else if (answer.info.first > this.#known + 1) {',
        planted: '} else if (answer.info.first < 0) {',
      },
    ],
  },
  {
    fault: 'who takes over numbers messages from those that it still has',
    edits: [
      {
        file: 'test/cluster/simulation/broker.ts',
        line: "if (body.kind === 'batch') this.#floor(body.batch.lane, body.batch.nextMessage);",
        planted: '',
      },
    ],
  },
];

/** The simulation on code in which a fault is planted; null: on the code as it is. */
export async function simulationWith(plant: Plant | null, directory: string): Promise<typeof simulate> {
  const outfile = join(directory, 'simulation.mjs');
  const missing = new Set(plant?.edits);
  await mkdir(directory, { recursive: true });
  await build({
    entryPoints: [join(root, 'test/cluster/simulation/simulation.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    plugins: [
      {
        name: 'plant',
        setup(builder) {
          builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const edits = plant?.edits.filter(({ file }) => path === join(root, file)) ?? [];
            if (edits.length === 0) return null;
            let text = await readFile(path, 'utf8');
            for (const edit of edits) {
              if (text.split(edit.line).length === 2) missing.delete(edit);
              text = text.replace(edit.line, () => edit.planted);
            }
            return { contents: text, loader: 'ts' };
          });
        },
      },
    ],
  });
  for (const { file, line } of missing) throw new Error(`${file} does not have the line "${line}" once`);
  const built = (await import(pathToFileURL(outfile).href)) as { simulate: typeof simulate };
  return built.simulate;
}
