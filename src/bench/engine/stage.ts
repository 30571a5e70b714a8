/** One engine with a publisher and a consumer, driven without sockets. */
import { type Channel, type Connection, type Engine, type EngineKind, type Queue, Stop } from '../../engine/engine.js';
import { createSharedCore, openEngine } from '../../engine/open.js';
import { ackUpTo } from './frames.js';

const MEMORY = 512 * 2 ** 20;
const FRAME_MAX = 131072;

export class Stage {
  readonly publisher: Connection;
  readonly consumer: Connection;
  readonly engine: Engine;
  /** Where each message goes. */
  readonly queues: readonly Queue[];
  readonly #channel: Channel;
  /** Octets of the read that was loaded. */
  #loaded = 0;
  /** The last tag that was acknowledged. */
  #tag = 0;

  constructor(engine: Engine, queues: readonly Queue[]) {
    this.engine = engine;
    this.queues = queues;
    engine.applyTopology(engine.topologyEpoch());
    this.publisher = engine.openConnection(0, 0);
    this.consumer = engine.openConnection(1, 0);
    for (const connection of [this.publisher, this.consumer]) engine.setFrameMax(connection, FRAME_MAX);
    engine.openChannel(this.publisher, 1);
    this.#channel = engine.openChannel(this.consumer, 1);
  }

  static async open(kind: EngineKind, queues: number): Promise<Stage> {
    const engine = await openEngine(await createSharedCore(kind, MEMORY, 1), 0);
    return new Stage(
      engine,
      Array.from({ length: queues }, () => engine.createQueue()),
    );
  }

  /** Puts a read where the socket would. */
  load(bytes: Uint8Array): void {
    this.engine.bytes.set(bytes, this.engine.readOffset);
    this.#loaded = bytes.length;
  }

  /** Takes in what was loaded, which stays there. */
  ingest(connection: Connection): void {
    const { engine } = this;
    const stop = engine.ingest(connection, engine.readOffset, this.#loaded);
    if (stop === Stop.END) return;
    if (stop !== Stop.ROUTE) throw new Error(`the engine stopped: ${stop}`);
    engine.installRoute(connection, this.queues, 0, 0);
    this.ingest(connection);
  }

  consume(noAck: boolean): void {
    this.engine.addConsumer(this.#channel, this.queues[0] ?? 0, Buffer.from('consumer'), noAck, 0, 0);
  }

  /** Lets the consumer pull all; the socket takes everything at once. */
  deliver(): void {
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

  /** The tag that the next `count` deliveries begin with; they count as acknowledged from then on. */
  nextTags(count: number): number {
    const first = this.#tag + 1;
    this.#tag += count;
    return first;
  }

  /** Acknowledges the next `count` deliveries at once. */
  settle(count: number): void {
    this.load(ackUpTo(this.nextTags(count) + count - 1));
    this.ingest(this.consumer);
  }

  purge(): void {
    for (const queue of this.queues) this.engine.purge(queue);
  }
}
