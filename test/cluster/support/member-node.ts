/** Members of one cluster over a stream in memory, all in this process, and who of them serves. */
import { MessageChannel } from 'node:worker_threads';
import { MemoryPresences } from '../../../dist/cluster/protocol/memory-presence.js';
import { hostNode } from '../../../dist/cluster/replicator/hosted-node.js';
import { RemoteNode } from '../../../dist/cluster/replicator/remote-node.js';
import { Replicator } from '../../../dist/cluster/replicator/replicator.js';
import { MemoryStream } from '../../../dist/cluster/stream/memory-stream.js';
import type { RunningBroker } from '../../../dist/node/broker.js';
import { Member } from '../../../dist/node/cluster/member.js';
import { machineClock } from '../../../dist/platform/machine-clock.js';
import { Inbox } from '../../support/waiting.js';
import { around, brokerOptions, threads } from './broker-node.js';

export interface Serving {
  readonly name: string;
  readonly running: RunningBroker;
}

export class MembersInMemory {
  readonly stream: MemoryStream;
  readonly #presences = new MemoryPresences(machineClock, 1);
  readonly members = new Map<string, Member>();
  /** Each that begins to serve, in order; and the names of those that serve no more. */
  readonly began = new Inbox<Serving>();
  readonly ended = new Inbox<string>();
  /** What the operator's logs have. */
  readonly lines: string[] = [];

  /** `byMessages`: nodes are spoken to as if each had a thread of its own. */
  constructor(
    random: () => number,
    readonly byMessages = false,
  ) {
    this.stream = new MemoryStream({ clock: machineClock, random });
  }

  async open(name: string, path: string, engine: 'wasm' | 'js' = 'wasm'): Promise<Member> {
    const options = brokerOptions(path, 1, engine);
    if (options.data === null) throw new Error('a member has a data directory');
    const member = await Member.open({
      options: { ...options, data: options.data },
      around: around((line) => this.lines.push(`${name}: ${line}`)),
      startThreads: () => threads(1),
      join: async ({ replica, hold, events }) => {
        const own = {
          name,
          stream: this.stream.connect(name),
          clock: machineClock,
          random: this.stream.random,
          presence: this.#presences.connect(name),
          version: '0',
          address: null,
          hold,
        };
        if (!this.byMessages) return new Replicator({ ...own, replica, events });
        const { port1, port2 } = new MessageChannel();
        hostNode({ ...own, port: port1, position: replica.position, close: async () => undefined });
        const node = await RemoteNode.begin(port2, replica, events, new Promise(() => undefined));
        port1.unref();
        port2.unref();
        return node;
      },
      observer: {
        onRole: () => undefined,
        onRunning: (running) => {
          if (running === null) this.ended.push(name);
          else this.began.push({ name, running });
        },
      },
    });
    this.members.set(name, member);
    return member;
  }

  async close(): Promise<void> {
    await Promise.all([...this.members.values()].map((member) => member.stop()));
  }
}
