/**
 * Has every host of examples/core play the same scenarios: the story, and random steps; some on the small core, too.
 * All must come to the end, and print the same: `npm run embedding [-- --all] [NAME...]`. Hosts without their toolchain are left out by
 * name; with `--all` that is an error, but of those in Rust. `LEVERET_SEED=N` repeats a random scenario.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../interop/commands.mjs';
import { chosenParts } from '../interop/toolchains.mjs';
import { BUILD, HOSTS } from './hosts.mjs';

/** @typedef {import('./hosts.mjs').EmbeddedHost} EmbeddedHost */

const BUILD_MS = 1_200_000;
const PLAY_MS = 300_000;
const STEPS = 10_000;
const STORY = fileURLToPath(new URL('../../examples/core/story.txt', import.meta.url));

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/** A scenario as the twin has it, in a file. */
function randomScenario() {
  const seed = process.env.LEVERET_SEED ?? String(1 + (Date.now() % 1_000_000));
  say(`random steps: repeat with LEVERET_SEED=${seed}`);
  const script = fileURLToPath(new URL('random-scenario.mjs', import.meta.url));
  const file = `${BUILD}/random.txt`;
  writeFileSync(file, execFileSync(process.execPath, [script, String(STEPS), seed], { maxBuffer: 1 << 26 }));
  return file;
}

/** @param {EmbeddedHost} host */
async function build({ name, folder, build }) {
  const started = performance.now();
  for (const command of build) {
    const { code, output } = await runCommand(command, { cwd: folder, timeoutMs: BUILD_MS });
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`);
  }
  say(`built ${name} in ${seconds(started)}`);
}

/** @param {number} started */
function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

/** What a host says of a scenario. @param {EmbeddedHost} host @param {string[]} given the scenario, and the core */
async function play({ name, folder, play }, ...given) {
  const started = performance.now();
  const { code, output } = await runCommand([...play, ...given], { cwd: folder, timeoutMs: PLAY_MS });
  const [, core = ''] = given;
  say(`${[name, core].join(' ').trimEnd()}, ${seconds(started)}: ${output.trimEnd()}`);
  const [said = ''] = output.split('\n');
  return code === 0 ? said.trim() : `ended with ${code}`;
}

async function main() {
  const ready = chosenParts(HOSTS, say);
  mkdirSync(BUILD, { recursive: true });
  for (const host of ready) await build(host);

  let passed = 0;
  let failed = 0;
  for (const scenario of [STORY, randomScenario()]) {
    /** @type {string | undefined} */
    let first;
    for (const host of ready) {
      for (const core of host.small ? [[], [host.small]] : [[]]) {
        const said = await play(host, scenario, ...core);
        first ??= said;
        if (said === first && /^\d+ steps, outcomes [0-9a-f]{8}$/.test(said)) passed++;
        else failed++;
      }
    }
  }
  say(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
