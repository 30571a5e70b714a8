/**
 * Sessions of AMQP for callers of the HTTP API: each is a connection of this thread's worker, which has the caller's
 * name, address and rights. What must hold: a session is closed whatever becomes of what it was opened for.
 */
import { StreamTransport } from '../../connection/transport/stream-transport.js';
import type { TransportMemory } from '../../connection/transport/transport.js';
import type { Worker } from '../../worker/worker.js';
import type { Caller } from '../http/authentication.js';
import { AmqpSession, type Credentials, Refused } from './amqp-session.js';
import { streamPair } from './in-process-stream.js';

export class Sessions {
  readonly #worker: Pick<Worker, 'serveHere' | 'engine' | 'logins'>;
  readonly #memory: TransportMemory;

  constructor(worker: Pick<Worker, 'serveHere' | 'engine' | 'logins'>) {
    const { bytes, readOffset, readLength } = worker.engine;
    this.#worker = worker;
    this.#memory = { bytes, readBuffer: bytes.subarray(readOffset, readOffset + readLength) };
  }

  /** Does something as a caller in a vhost. Rejects with `Refused`, or with what `work` rejects with. */
  async with<T>(caller: Caller, vhost: string, work: (session: AmqpSession) => Promise<T>): Promise<T> {
    const session = await this.#open(caller, vhost);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  #open(caller: Caller, vhost: string): Promise<AmqpSession> {
    const [client, broker] = streamPair();
    const peer = { kind: 'tcp', address: caller.address, port: caller.port } as const;
    const ends = { peer, local: null, isEncrypted: true };
    const isServed = this.#worker.serveHere((events) => new StreamTransport(broker, ends, this.#memory, events));
    if (!isServed) throw new Refused(506, 'there is no memory for a connection');
    return AmqpSession.open(client, this.#credentialsOf(caller), vhost);
  }

  /** Whoever is no user gets a password that is good for this session. */
  #credentialsOf({ user, password, grant }: Caller): Credentials {
    return { user, password: grant === null ? password : this.#worker.logins.vouchFor(grant) };
  }
}
