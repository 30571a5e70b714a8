/** What is measured on one thread: each timed call handles one read or more; what prepares it is not timed. */
import type { EngineKind } from '../../engine/engine.js';
import { acks, publishes } from './frames.js';
import { Stage } from './stage.js';

/** A read has at most so many octets, and frames of publishes take so many besides the body. */
const READ = 200 * 1024;
const OVERHEAD = 80;
const MESSAGES_MAX = 200;
const FANOUT = 10;
/** Reads of a message each, one after the other in one timed call: a call by itself is as short as a clock's tick. */
const READS = 100;

export interface Case {
  /** Messages in one run. */
  readonly messages: number;
  readonly run: () => void;
  readonly beforeEach: () => void;
  readonly afterEach: () => void;
}

export interface CaseKind {
  readonly title: string;
  /** Of bodies (octets). */
  readonly sizes: readonly number[];
  readonly make: (engine: EngineKind, size: number) => Promise<Case>;
}

export const CASES: readonly CaseKind[] = [
  {
    title: 'publish',
    sizes: [16, 1024, 8192, 65536],
    make: (engine, size) => publishing(engine, size, 1),
  },
  {
    title: 'publish, one message a read',
    sizes: [16, 1024, 8192],
    make: async (engine, size) => {
      const stage = await Stage.open(engine, 1);
      return {
        messages: READS,
        beforeEach: () => stage.load(publishes(1, size)),
        run: () => {
          for (let read = 0; read < READS; read++) stage.ingest(stage.publisher);
        },
        afterEach: () => stage.purge(),
      };
    },
  },
  {
    title: 'claim + deliver',
    sizes: [16, 1024, 8192, 65536],
    make: async (engine, size) => {
      const { stage, read, messages } = await staged(engine, size, 1);
      stage.consume(false);
      return {
        messages,
        beforeEach: () => publish(stage, read),
        run: () => stage.deliver(),
        afterEach: () => stage.settle(messages),
      };
    },
  },
  {
    title: 'ack',
    sizes: [16, 1024, 8192],
    make: async (engine, size) => {
      const { stage, read, messages } = await staged(engine, size, 1);
      stage.consume(false);
      return {
        messages,
        beforeEach: () => {
          publish(stage, read);
          stage.deliver();
          stage.load(acks(stage.nextTags(messages), messages));
        },
        run: () => stage.ingest(stage.consumer),
        afterEach: () => {},
      };
    },
  },
  {
    title: `fanout to ${FANOUT} queues`,
    sizes: [16, 1024, 8192],
    make: (engine, size) => publishing(engine, size, FANOUT),
  },
];

/** How many messages with bodies of `size` octets one read holds; 0: none. */
export function messagesIn(size: number): number {
  return Math.floor(READ / (size + OVERHEAD));
}

async function publishing(engine: EngineKind, size: number, queues: number): Promise<Case> {
  const { stage, read, messages } = await staged(engine, size, queues);
  return {
    messages,
    beforeEach: () => stage.load(read),
    run: () => stage.ingest(stage.publisher),
    afterEach: () => stage.purge(),
  };
}

async function staged(engine: EngineKind, size: number, queues: number) {
  const messages = Math.min(MESSAGES_MAX, messagesIn(size));
  return { stage: await Stage.open(engine, queues), read: publishes(messages, size), messages };
}

function publish(stage: Stage, read: Uint8Array): void {
  stage.load(read);
  stage.ingest(stage.publisher);
}
