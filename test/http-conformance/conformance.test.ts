/**
 * Plays each scenario against the HTTP API and compares with what RabbitMQ 3.10 has answered. `LEVERET_HTTP_REFEREE`
 * (`http://localhost:15672/api`) plays them against a live RabbitMQ instead, and keeps what it answers.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { useHttpApi } from '../management/support/http-client.js';
import { differences } from './compare.js';
import { breaches } from './contract.js';
import { type Answered, play, type Scenario, type Step } from './scenario.js';
import { SCENARIOS } from './scenarios.js';

const referee = process.env.LEVERET_HTTP_REFEREE;
const api = useHttpApi();

interface Played {
  readonly step: Step;
  readonly answer: Answered;
}

for (const scenario of SCENARIOS) {
  it(`${scenario.name}, as RabbitMQ answers`, async () => {
    if (referee !== undefined) {
      await keep(scenario, referee);
      return;
    }
    const recorded = JSON.parse(await readFile(fileOf(scenario), 'utf8')) as readonly Played[];
    expect(
      recorded.map(({ step }) => step),
      'what was played is what is recorded',
    ).toEqual(plain(scenario.steps));
    const base = `http://127.0.0.1:${api().broker.management?.port}/api`;
    const found: string[] = [];
    for (const { step, answer } of recorded) {
      const what = `${step.method} ${step.path}${step.as === undefined ? '' : ` as ${step.as}`}`;
      const played = await play(base, step);
      const wrong = [...differences(answer, played), ...breaches(step, played)];
      found.push(...wrong.map((difference) => `${what}: ${difference}`));
    }
    expect(found).toEqual([]);
  });
}

async function keep(scenario: Scenario, base: string): Promise<void> {
  const played: Played[] = [];
  for (const step of scenario.steps) played.push({ step, answer: await play(base, step) });
  await writeFile(fileOf(scenario), `${JSON.stringify(played, null, 1)}\n`);
}

function fileOf({ name }: Scenario): URL {
  return new URL(`recorded/${name.replaceAll(' ', '-')}.json`, import.meta.url);
}

function plain(steps: readonly Step[]): unknown {
  return JSON.parse(JSON.stringify(steps)) as unknown;
}
