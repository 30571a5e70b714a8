/** What nodes tell each other over NATS: messages to the subject CLUSTER.told, which is none of the stream's. */
import type { NatsConnection } from '@nats-io/transport-node';
import type { Telling } from '../telling.js';
import type { NatsAskingOptions } from './nats-asking.js';
import { connectNats } from './nats-connection.js';
import { loadNats } from './nats-packages.js';

export async function openNatsTelling(options: NatsAskingOptions): Promise<Telling> {
  const packages = await loadNats(options.stream);
  return new NatsTelling(await connectNats(packages, options, options.node), `${options.stream}.told`);
}

class NatsTelling implements Telling {
  constructor(
    private readonly connection: NatsConnection,
    private readonly subject: string,
  ) {}

  tell(octets: Uint8Array): void {
    // What would wait for a connection is out of date when there is one.
    if (!this.connection.isClosed() && this.connection.info !== undefined)
      this.connection.publish(this.subject, octets);
  }

  onTold(listener: (octets: Uint8Array) => void): void {
    this.connection.subscribe(this.subject, {
      callback: (error, message) => {
        if (error === null) listener(message.data);
      },
    });
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
