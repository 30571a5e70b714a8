/**
 * The simulation of losses of power for as long as one likes: `npm run power-loss -- --points 1000000 --seed 1`. A
 * promise that is broken is told with the seed of its run, which alone repeats it.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { points: { type: 'string' }, seed: { type: 'string' } } });
const root = fileURLToPath(new URL('../../../', import.meta.url));
const test = ['run', 'test/store/power-loss.test.ts', '--testNamePattern', 'losses of power break no promise'];
const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...test], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    LEVERET_POINTS: values.points ?? '100000',
    LEVERET_SEED: values.seed ?? String(Date.now() % 1_000_000_000),
  },
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
