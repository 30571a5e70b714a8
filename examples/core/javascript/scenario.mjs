/** Reading a scenario: a step a line, and behind an equals sign what must come of it. `#` begins a remark. */

/** Plays all of it; throws at the first step that comes out otherwise. Returns the line that every example prints. */
export function play(host, scenario) {
  let steps = 0;
  let hash = 0x811c9dc5;
  for (const line of scenario.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [step, expected] = line.split(' = ');
    const outcome = host.step(step);
    if (outcome !== expected) throw new Error(`step ${steps + 1}, ${step}: ${outcome}, and not ${expected}`);
    steps += 1;
    hash = fnv1a(hash, outcome);
  }
  return `${steps} steps, outcomes ${hash.toString(16).padStart(8, '0')}`;
}

/** FNV-1a over the octets of an outcome and the end of its line. */
function fnv1a(hash, outcome) {
  for (const octet of new TextEncoder().encode(`${outcome}\n`)) hash = Math.imul(hash ^ octet, 0x01000193) >>> 0;
  return hash;
}
