/** The worker that consumes: it acknowledges what a turn brought, and sleeps when there is nothing. */
import { joinCore, layout } from 'leveret/core';
import { messages } from '../javascript/frames.mjs';

const CHANNEL = 1;
const PREFETCH = 10_000;

addEventListener('message', async ({ data: { shared, participant, queue, count } }) => {
  const engine = joinCore(shared, participant);
  const connection = engine.openConnection(0, 0);
  engine.setFrameMax(connection, layout.FRAME_MAX);
  const channel = engine.openChannel(connection, CHANNEL);
  engine.addConsumer(channel, queue, new TextEncoder().encode('c'), false, PREFETCH, 0);
  let next = 0;
  while (next < count) {
    engine.wake();
    const more = engine.serve();
    while (engine.nextOutput() !== -1) take();
    // What was published before `sleep` is seen by it, what is published after rings.
    if (!more && next < count && engine.sleep()) await engine.doorbell();
  }
  postMessage('done');

  function take() {
    const { outputOffset, outputLength, outputBox } = engine;
    const come = messages(engine.bytes.slice(outputOffset, outputOffset + outputLength));
    engine.written(connection, outputBox);
    for (const { body } of come) {
      const number = new DataView(body.buffer).getUint32(0, true);
      if (number !== next) throw new Error(`message ${number} came, and not ${next}`);
      next += 1;
    }
    if (come.length > 0) engine.settle(channel, come[come.length - 1].tag, true, null);
  }
});
