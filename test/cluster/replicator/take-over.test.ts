/**
 * Leaders serve, are killed without a word or lose power, and others take over from their own directories, again and
 * again: what was confirmed is there once and in order, what was done and confirmed stays done, and comes as redelivered
 * otherwise. A failing run is repeated with the seed that it prints (LEVERET_SEED).
 */
import { expect, test } from 'vitest';
import { MemoryPresences } from '../../../dist/cluster/protocol/memory-presence.js';
import { MemoryStream } from '../../../dist/cluster/stream/memory-stream.js';
import { VirtualClock } from '../../../dist/platform/virtual-clock.js';
import { BatchBuilder } from '../../../dist/store/log/batch.js';
import { idOf, logIdOf } from '../../../dist/store/queue-numbers.js';
import { recoveredQueues, storedMessage } from '../../store/support/messages.js';
import { randomFrom } from '../../store/support/simulated.js';
import { FollowedDisk } from '../support/followed-disk.js';
import { type Leading, LeadingNode } from '../support/leading.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const RUNS = Number(process.env.LEVERET_RUNS ?? 12);
const NAMES = ['a', 'b', 'c'];
const NOTHING = new Uint8Array(0);

/** What clients know of one message. */
interface Sent {
  readonly body: string;
  readonly position: number;
  confirmed: boolean;
  /** Acknowledged, and (done) known to be. */
  acked: boolean;
  done: boolean;
}

class Story {
  readonly #random: () => number;
  readonly #clock = new VirtualClock();
  readonly #stream: MemoryStream;
  readonly #presences = new MemoryPresences(this.#clock, 2);
  readonly #nodes = new Map<string, LeadingNode>();
  /** By the queue's id. */
  readonly #sent = new Map<number, Sent[]>();
  readonly #next = new Map<number, number>();
  readonly #defined = new Set<number>();
  #texts = 0;
  takeOvers = 0;
  confirmed = 0;
  redelivered = 0;

  constructor(readonly seed: number) {
    this.#random = randomFrom(seed);
    this.#stream = new MemoryStream({ clock: this.#clock, random: this.#random, messageOctetsMax: 64 << 10 });
  }

  async play(rounds: number): Promise<void> {
    for (const name of NAMES) await this.#start(name, new FollowedDisk());
    this.#stream.chances.lostAnswer = this.#random() < 0.5 ? 0.02 : 0;
    for (let round = 0; round < rounds; round++) {
      const [node, leading] = await this.#leader();
      await this.#check(leading);
      await this.#serve(leading);
      await this.#endOf(node);
    }
    const [, leading] = await this.#leader();
    await this.#check(leading);
    for (const node of this.#nodes.values()) node.kill();
  }

  async #start(name: string, disk: FollowedDisk): Promise<void> {
    this.#nodes.set(name, await LeadingNode.start(name, disk, this.#stream, this.#presences));
  }

  /** Time goes on until something is so, and what waits for promises goes on, too. */
  async #until<T>(look: () => T | null, what: string): Promise<T> {
    const end = this.#clock.elapsed() + 120_000;
    for (;;) {
      const found = look();
      if (found !== null) return found;
      if (this.#clock.elapsed() > end) throw new Error(`${what}: not within two minutes`);
      this.#clock.runUntil(this.#clock.elapsed() + 5);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #leader(): Promise<[LeadingNode, Leading]> {
    return this.#until(() => {
      for (const node of this.#nodes.values()) {
        // Whose fence was long under way may be deposed before it knows that it led.
        const serves = node.over === null && node.status.hold === 'serve';
        if (node.leading !== null && serves) return [node, node.leading];
      }
      return null;
    }, `seed ${this.seed}: a leader`);
  }

  /** What it has recovered is what clients know. */
  async #check({ log, epoch }: Leading): Promise<void> {
    this.takeOvers += 1;
    const at = `seed ${this.seed}, epoch ${epoch}`;
    const recovered = new Map([...(await recoveredQueues(log))].map(([queue, entries]) => [idOf(queue), entries]));
    expect(log.report.lost, at).toEqual([]);
    for (const [id, sent] of this.#sent) {
      const entries = recovered.get(id) ?? [];
      const bodies = entries.map(({ body }) => body);
      expect(new Set(bodies).size, `${at}: twice`).toBe(bodies.length);
      expect(
        entries.every(({ delivered }) => delivered),
        `${at}: redelivered`,
      ).toBe(true);
      const there = new Set(bodies);
      for (const { body, confirmed, acked, done } of sent) {
        if (confirmed && !acked) expect(there.has(body), `${at}: ${body} was confirmed`).toBe(true);
        if (done) expect(there.has(body), `${at}: ${body} was done`).toBe(false);
      }
      const inOrder = sent.filter(({ body }) => there.has(body)).map(({ body }) => body);
      expect(bodies, `${at}: in order, none from nowhere`).toEqual(inOrder);
      this.redelivered += bodies.length;
      // What is left is what clients go on with.
      this.#sent.set(
        id,
        sent.filter(({ body }) => there.has(body)).map((one) => ({ ...one, confirmed: true, acked: false })),
      );
      const kept = log.queues.find((queue) => idOf(queue.id) === id);
      this.#next.set(id, Math.max(kept?.next ?? 0, ...sent.map(({ position }) => position + 1), 0));
    }
    const ids = [...this.#nodes.values()].find(({ leading }) => leading?.log === log)?.disk.definitions.queues();
    for (const id of this.#defined)
      expect(
        ids?.some((queue) => queue.id === id),
        `${at}: queue ${id}`,
      ).toBe(true);
  }

  async #serve(leading: Leading): Promise<void> {
    const { definitions } = leading;
    if (this.#sent.size < 3) {
      const id = definitions.takeQueueId();
      const definition = { vhost: '/', name: `q${id}`, id, autoDelete: false, arguments: NOTHING };
      let state = 'waits';
      definitions.change([{ put: 'queue', definition }]).then(
        () => {
          state = 'defined';
        },
        () => {
          state = 'lost';
        },
      );
      await this.#until(() => (state === 'waits' ? null : state), `seed ${this.seed}: a definition`);
      if (state === 'lost') return;
      this.#defined.add(id);
      this.#sent.set(id, []);
      this.#next.set(id, 0);
    }
    const batches = 5 + Math.floor(this.#random() * 40);
    for (let count = 0; count < batches; count++) {
      this.#append(leading);
      if (this.#random() < 0.5) await this.#until(() => (this.#random() < 0.5 ? true : null), 'a pause');
      if (this.#random() < 0.05) await leading.log.reclaim();
    }
    // Sometimes all of it is certain when the end comes, sometimes nothing is.
    const pause = this.#clock.elapsed() + this.#random() ** 2 * 300;
    await this.#until(() => (this.#clock.elapsed() >= pause ? true : null), 'a pause');
  }

  #append({ lanes }: Leading): void {
    const lane = lanes[Math.floor(this.#random() * lanes.length)];
    if (lane === undefined) return;
    const batch = new BatchBuilder();
    const published: Sent[] = [];
    const acked: Sent[] = [];
    for (const [id, sent] of this.#sent) {
      const first = sent.find((one) => !one.acked);
      if (first !== undefined && this.#random() < 0.4) {
        first.acked = true;
        acked.push(first);
        batch.ack(logIdOf(id), [{ from: first.position, count: 1 }]);
      }
      if (this.#random() < 0.3) continue;
      const position = this.#next.get(id) ?? 0;
      this.#next.set(id, position + 1);
      const body = `${this.#texts++} ${'.'.repeat(Math.floor(this.#random() * 600))}`;
      const message = lane.takeMessageIds(1);
      batch.message(message, storedMessage(body));
      batch.enqueue(logIdOf(id), position, 1000, [message]);
      const one = { body, position, confirmed: false, acked: false, done: false };
      sent.push(one);
      published.push(one);
    }
    const settle = (): void => {
      for (const one of published) one.confirmed = true;
      for (const one of acked) one.done = true;
      this.confirmed += published.length;
    };
    const appended = lane.append(batch);
    if (appended === null) settle();
    else appended.then(settle, () => undefined);
  }

  /** The leader ends, in one of several ways; its directory comes back as a standby's. */
  async #endOf(node: LeadingNode): Promise<void> {
    const { name, disk } = node;
    const chance = this.#random();
    if (chance < 0.2) {
      const to = NAMES.find((other) => other !== name) ?? name;
      if (await node.stepDown(to)) await this.#until(() => node.over, `seed ${this.seed}: a hand-over`);
      let hasEnded = false;
      const ended = node.end().then(() => {
        hasEnded = true;
      });
      await this.#until(() => hasEnded || null, `seed ${this.seed}: an orderly end`);
      await ended;
      await this.#start(name, disk);
      return;
    }
    const left =
      chance < 0.6 ? disk.powerLoss(this.#random) : new FollowedDisk(disk.directory.kill(), disk.definitions);
    node.kill();
    this.#nodes.delete(name);
    if (this.#random() < 0.5) await this.#leader();
    await this.#start(name, left);
  }
}

test(`${RUNS} stories of leaders that end lose nothing that was confirmed`, { timeout: 600_000 }, async () => {
  process.stdout.write(`leaders that end, from seed ${SEED} (LEVERET_SEED=${SEED} repeats them)\n`);
  let [takeOvers, confirmed, redelivered] = [0, 0, 0];
  for (let run = 0; run < RUNS; run++) {
    const story = new Story(SEED + run);
    await story.play(6);
    takeOvers += story.takeOvers;
    confirmed += story.confirmed;
    redelivered += story.redelivered;
  }
  process.stdout.write(`${takeOvers} take-overs, ${confirmed} confirmed, ${redelivered} came back\n`);
  expect(takeOvers).toBe(RUNS * 7);
  expect(Math.min(confirmed, redelivered)).toBeGreaterThan(RUNS);
});
