/**
 * Which parts of a run can be built on this machine. What must hold: what is left out is said, by name; with `--all`, as
 * continuous integration calls it, only parts in Rust are, as Debian's is too old for them.
 */
import { spawnSync } from 'node:child_process';
import { succeeds } from './commands.mjs';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly import('./clients.mjs').Command[]} needs commands that succeed where the toolchain is there
 * @property {number} [rust] the oldest Rust that builds it, where it is in Rust: 94 for 1.94
 */

/**
 * Those that the arguments name, or all, as far as their toolchain is there.
 * @template {Part} P
 * @param {readonly P[]} parts
 * @param {(text: string) => void} say
 * @returns {P[]}
 */
export function chosenParts(parts, say) {
  const names = process.argv.slice(2).filter((argument) => argument !== '--all');
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0)
    throw new Error(`no ${unknown.join(', ')}; there are ${parts.map(({ name }) => name).join(', ')}`);
  const chosen = parts.filter(({ name }) => names.length === 0 || names.includes(name));
  const lacking = new Map(chosen.map((part) => [part, lackingFor(part)]));
  const ready = chosen.filter((part) => lacking.get(part)?.length === 0);
  const left = chosen.filter((part) => !ready.includes(part));
  for (const part of left) say(`LEFT OUT: ${part.name}, as this machine has no ${lacking.get(part)?.join(', ')}`);
  if (process.argv.includes('--all') && left.some(({ rust }) => rust === undefined)) {
    throw new Error('a toolchain is missing');
  }
  return ready;
}

/** @param {Part} part */
function lackingFor({ needs, rust }) {
  const tools = needs.filter((command) => !succeeds(command)).map(([tool]) => tool);
  if (rust !== undefined && installedRust() < rust) tools.push(`Rust 1.${rust}`);
  return tools;
}

/** 95 for 1.95; 0 where there is none. */
function installedRust() {
  const { stdout } = spawnSync('cargo', ['--version'], { encoding: 'utf8' });
  return Number(/^cargo 1\.(\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}
