/** One engine with a publisher and a consumer, driven without sockets. */
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import { ackUpTo } from './frames.mjs';

const MEMORY = 512 * 2 ** 20;
const ROUTE = 2;

export class Stage {
  /**
   * @param {import('../../dist/engine/engine.js').Engine} engine
   * @param {readonly number[]} queues where each message goes
   */
  constructor(engine, queues) {
    this.engine = engine;
    this.queues = queues;
    engine.applyTopology(engine.topologyEpoch());
    this.publisher = engine.openConnection(0, 0);
    this.consumer = engine.openConnection(1, 0);
    for (const connection of [this.publisher, this.consumer]) engine.setFrameMax(connection, 131072);
    engine.openChannel(this.publisher, 1);
    this.channel = engine.openChannel(this.consumer, 1);
    /** Tag of the last delivery. */
    this.tag = 0;
  }

  /** @param {import('../../dist/engine/engine.js').EngineKind} kind @param {number} queues */
  static async open(kind, queues) {
    const engine = await openEngine(await createSharedCore(kind, MEMORY, 1), 0);
    return new Stage(
      engine,
      Array.from({ length: queues }, () => engine.createQueue()),
    );
  }

  /** Puts a read where the socket would. @param {Uint8Array} bytes */
  load(bytes) {
    this.engine.bytes.set(bytes, this.engine.readOffset);
    this.loaded = bytes.length;
  }

  /** Takes in what was loaded. @param {number} connection */
  ingest(connection) {
    const { engine } = this;
    const stop = engine.ingest(connection, engine.readOffset, this.loaded ?? 0);
    if (stop === 0) return;
    if (stop !== ROUTE) throw new Error(`the engine stopped: ${stop}`);
    engine.installRoute(connection, this.queues, 0, 0);
    this.ingest(connection);
  }

  /** @param {boolean} noAck */
  consume(noAck) {
    this.engine.addConsumer(this.channel, this.queues[0] ?? 0, Buffer.from('consumer'), noAck, 0, 0);
  }

  /** Lets the consumer pull all; the socket takes everything at once. */
  deliver() {
    const { engine } = this;
    let more = true;
    while (more) {
      more = engine.serve();
      while (engine.nextOutput() >= 0) {
        more = true;
        engine.written(this.consumer, engine.outputBox);
      }
    }
  }

  /** Acknowledges all that were delivered. @param {number} count how many since the last time */
  settle(count) {
    this.tag += count;
    this.load(ackUpTo(this.tag));
    this.ingest(this.consumer);
  }

  purge() {
    for (const queue of this.queues) this.engine.purge(queue);
  }
}
