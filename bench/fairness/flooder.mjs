/**
 * Who floods, in a process of its own, so that what it does keeps nobody from looking at the clock. It is told by
 * messages: `{ prepare: name }`, answered by 'ready', and `'act'`, answered by 'over'; `'stop'` ends what goes on until
 * then, and `'leave'`, answered by 'left', lets go of what was prepared. It ends with the one that started it.
 */
import { FLOODS } from './floods.mjs';

const [port, httpPort, scale] = process.argv.slice(2).map(Number);
if (port === undefined || httpPort === undefined || scale === undefined) throw new Error('ports and scale are missing');

/** @type {import('./floods.mjs').Flood | null} */
let flood = null;

process.on('disconnect', () => process.exit());
process.on('message', async (/** @type {{ prepare: string } | 'act' | 'stop' | 'leave'} */ wish) => {
  if (wish === 'stop') return flood?.stop?.();
  if (wish === 'act') {
    await flood?.act();
    return process.send?.('over');
  }
  if (wish === 'leave') {
    await flood?.end?.();
    return process.send?.('left');
  }
  const make = FLOODS.find(({ name }) => name === wish.prepare)?.prepare;
  if (make === undefined) throw new Error(`no flood is called ${wish.prepare}`);
  flood = await make({ port, httpPort, scale });
  process.send?.('ready');
});
