/** The worker that publishes: as fast as the memory lets it, each message its number. */
import { joinCore, layout, Stop } from 'leveret/core';
import { joined, publish } from '../javascript/frames.mjs';

const CHANNEL = 1;
/** Messages in one read. */
const READ = 100;

addEventListener('message', async ({ data: { shared, participant, queue, count } }) => {
  const engine = joinCore(shared, participant);
  const connection = engine.openConnection(0, 0);
  engine.setFrameMax(connection, layout.FRAME_MAX);
  engine.openChannel(connection, CHANNEL);
  for (let number = 0; number < count; number += READ) {
    const numbers = Array.from({ length: Math.min(READ, count - number) }, (_, i) => number + i);
    await bring(joined(numbers.map((one) => publish(CHANNEL, 'q', new Uint8Array(Uint32Array.of(one).buffer)))));
  }
  postMessage('done');

  /** Brings octets in; where the queue is too long for the memory, when there is room again. */
  async function bring(octets) {
    engine.wake();
    for (let at = 0; at < octets.length; at += engine.consumed) {
      const part = octets.subarray(at);
      engine.bytes.set(part, engine.readOffset);
      const stop = engine.ingest(connection, engine.readOffset, part.length);
      if (stop === Stop.ROUTE) engine.installRoute(connection, [queue], 0, 0);
      else if (stop === Stop.MEMORY) await sleep(engine);
    }
  }
});

/** Whoever frees memory rings those that sleep. */
async function sleep(engine) {
  if (engine.sleep()) await engine.doorbell();
  engine.wake();
}
