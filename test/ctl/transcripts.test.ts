/**
 * Types what scripts type to `leveret ctl`, and compares what it says with what RabbitMQ 3.10's rabbitmqctl has said.
 * `LEVERET_CTL_REFEREE` (`rabbitmqctl -n rabbit@localhost`) has it typed to that command, and what it says kept;
 * `LEVERET_CTL_REFEREE_AMQP` (`localhost:5672`) says where clients find that RabbitMQ.
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { enter } from './scene.js';
import { typeTo, useCtlBroker } from './support.js';
import { comparable, type Said, type Transcript, type Typed } from './transcript.js';
import { TRANSCRIPTS } from './transcripts.js';

const referee = process.env.LEVERET_CTL_REFEREE;
const broker = useCtlBroker();

interface Recorded {
  readonly step: Typed;
  readonly said: Said;
}

for (const transcript of TRANSCRIPTS) {
  it(`${transcript.name}: the same as rabbitmqctl`, { timeout: 600_000 }, async () => {
    if (referee !== undefined) {
      await keep(transcript, referee);
      return;
    }
    const recorded = JSON.parse(await readFile(fileOf(transcript), 'utf8')) as readonly Recorded[];
    const steps = JSON.parse(JSON.stringify(transcript.steps)) as unknown;
    expect(
      recorded.map(({ step }) => step),
      'what is typed is what is recorded',
    ).toEqual(steps);
    let leave = async (): Promise<void> => {};
    for (const [index, { step, said }] of recorded.entries()) {
      if (index === transcript.clientBefore) leave = await enter(`127.0.0.1:${broker().embedded.port}`);
      const own = await typeTo(broker().socket, step.args, step.input);
      expect.soft(comparable(own, step), step.args.join(' ')).toEqual(comparable(said, step));
    }
    await leave();
  });
}

async function keep(transcript: Transcript, command: string): Promise<void> {
  const all: Recorded[] = [];
  let leave = async (): Promise<void> => {};
  for (const [index, step] of transcript.steps.entries()) {
    if (index === transcript.clientBefore) leave = await enter(process.env.LEVERET_CTL_REFEREE_AMQP ?? '');
    const said = await typedTo(command, step);
    // Nothing of others is kept.
    const isWhole = step.only === undefined && step.isShape !== true;
    all.push({ step, said: isWhole ? said : { ...said, out: comparable(said, step).out } });
  }
  await leave();
  await writeFile(fileOf(transcript), `${JSON.stringify(all, null, 1)}\n`);
}

async function typedTo(command: string, { args, input = '' }: Typed): Promise<Said> {
  const [file = '', ...first] = command.split(' ');
  const child = spawn(file, [...first, ...args]);
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, error };
}

function fileOf({ name }: Transcript): URL {
  return new URL(`recorded/${name.replaceAll(' ', '-')}.json`, import.meta.url);
}
