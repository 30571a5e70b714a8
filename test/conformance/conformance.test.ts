/**
 * Plays every scenario of groups/ and compares the broker's transcript with the stored one of RabbitMQ. `npm run
 * conformance` plays them against a live RabbitMQ instead (referee.mjs), and stores its transcripts anew when
 * `LEVERET_REFRESH` is set.
 */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Broker, isReferee, useBroker } from '../support/broker.js';
import { useEmbedded } from '../support/embedded.js';
import { RawClient } from '../support/raw-client.js';
import { administratorOfLeveret, administratorOfRabbit } from './administrator.js';
import { expectedTranscript, type Scenario } from './scenario.js';
import { Stage } from './stage.js';
import { readTranscripts, type Transcripts, writeTranscripts } from './transcripts.js';
import { createSharedUsers, deleteSharedUsers } from './users.js';

const broker = useBroker();
/** Scenarios about users need a broker that has them; its administration is reached from its own process. */
const administered = isReferee ? null : useEmbedded();
const administrator =
  administered === null
    ? administratorOfRabbit()
    : administratorOfLeveret(() => administered().embedded.administration);
const refreshes = isReferee && process.env.LEVERET_REFRESH !== undefined;
const used: string[] = [];

async function play({ play: act }: Scenario, on: Broker): Promise<readonly string[]> {
  const stage = new Stage(on, administrator);
  try {
    await act(stage);
    return await stage.end();
  } finally {
    used.push(...stage.names);
    await stage.abandon();
  }
}

/** How long a broker may take to delete all queues: those on disk are slow. */
const CLEANING_MS = 120_000;

beforeAll(() => createSharedUsers(administrator));
afterAll(() => deleteSharedUsers(administrator));

afterAll(async () => {
  const client = await RawClient.open(broker());
  const channel = await client.openChannel();
  for (const name of used) {
    channel.send('queue.delete', { queue: name, nowait: true });
    channel.send('exchange.delete', { exchange: name, nowait: true });
  }
  channel.send('channel.flow', { active: true });
  await channel.replies.next('the names to be deleted', CLEANING_MS);
  await client.close();
}, CLEANING_MS);

const groups = readdirSync(new URL('./groups/', import.meta.url)).map((file) => file.replace(/\.ts$/, ''));
for (const group of groups) {
  const { scenarios, needsUsers } = (await import(`./groups/${group}.ts`)) as {
    scenarios: readonly Scenario[];
    needsUsers?: boolean;
  };
  const stored = readTranscripts(group);
  const played: Transcripts = {};

  describe(group, () => {
    test.concurrent.for(scenarios)('$name', async (scenario, { expect: check }) => {
      const transcript = await play(scenario, needsUsers && administered !== null ? administered().broker : broker());
      played[scenario.name] = transcript;
      if (refreshes) return;
      const rabbit = stored[scenario.name] ?? [];
      check(transcript).toEqual(isReferee ? rabbit : expectedTranscript(scenario, rabbit));
    });

    test('has a transcript for each scenario and for no other', () => {
      if (refreshes)
        writeTranscripts(
          group,
          Object.fromEntries(scenarios.map(({ name }) => [name, played[name] ?? stored[name] ?? []])),
        );
      else expect(Object.keys(stored)).toEqual(scenarios.map(({ name }) => name));
    });
  });
}
