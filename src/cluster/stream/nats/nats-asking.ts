/**
 * Questions between nodes by NATS's requests and replies: to the subject CLUSTER.ask.NODE, which is none of the
 * stream's. What must hold: names of nodes are tokens of subjects, with nothing in them that NATS reads otherwise.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import type { Asked, Asking } from '../asking.js';
import { connectNats, type NatsAddress } from './nats-connection.js';
import { natsError } from './nats-errors.js';
import { loadNats, type NatsPackages } from './nats-packages.js';

export interface NatsAskingOptions extends NatsAddress {
  /** Of the cluster: its stream's name. */
  readonly stream: string;
  readonly node: string;
}

/** Left of a message for what NATS puts before it. */
const HEAD_OCTETS = 4096;

export async function openNatsAsking(options: NatsAskingOptions): Promise<Asking> {
  const packages = await loadNats(options.stream);
  return new NatsAsking(packages, await connectNats(packages, options, options.node), options);
}

class NatsAsking implements Asking {
  readonly octetsMax: number;
  readonly #packages: NatsPackages;
  readonly #connection: NatsConnection;
  readonly #stream: string;
  readonly #node: string;

  constructor(packages: NatsPackages, connection: NatsConnection, { stream, node }: NatsAskingOptions) {
    this.#packages = packages;
    this.#connection = connection;
    this.#stream = stream;
    this.#node = node;
    this.octetsMax = (connection.info?.max_payload ?? 1 << 20) - HEAD_OCTETS;
  }

  async ask(node: string, question: Uint8Array, withinMs: number): Promise<Asked> {
    try {
      const { data } = await this.#connection.request(this.#subject(node), question, { timeout: withinMs });
      return { kind: 'answered', octets: data };
    } catch (error) {
      return { kind: 'silent', reason: natsError(this.#packages, error).message };
    }
  }

  serve(answer: (question: Uint8Array) => Promise<Uint8Array>): void {
    this.#connection.subscribe(this.#subject(this.#node), {
      callback: (error, message) => {
        // Who asked hears nothing, and asks again.
        if (error === null)
          answer(message.data)
            .then((octets) => message.respond(octets))
            .catch(() => {});
      },
    });
  }

  #subject(node: string): string {
    return `${this.#stream}.ask.${node.replace(/[^\w-]/g, (character) => `%${character.codePointAt(0)?.toString(16)}`)}`;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
