/**
 * One client whose octets a standby passes on to the leader, and back. What must hold: octets go on as they are, in
 * order, as far as both sides live; who reads slowly holds up who writes, and not more is kept than two streams keep;
 * the end of one side reaches the other, and whoever then does not end too is closed: nobody is left hanging.
 */
import { connect, type Socket } from 'node:net';
import { type AcceptedSocket, streamSocket } from '../../connection/transport/accepted-socket.js';
import { endsOf } from '../../connection/transport/endpoint.js';
import { proxyHeader } from '../../connection/transport/opening/proxy-header-writer.js';

/** Who leads, and where it takes what other nodes pass on. */
export interface Leader {
  readonly epoch: number;
  readonly host: string;
  readonly port: number;
}

/** How long the leader may take to accept (ms). */
const CONNECT_MS = 2_000;
/** A side that is gone without a word is noticed by its system after this time, and some more (ms). */
const KEEP_ALIVE_MS = 60_000;

export interface PassageEvents {
  /** The leader has accepted. */
  onOpen(passage: Passage): void;
  /** It has not; the socket is the caller's again, nothing was read from it. */
  onUnreachable(passage: Passage, accepted: AcceptedSocket, reason: string): void;
  /** Both sides are closed. */
  onEnd(passage: Passage): void;
}

export class Passage {
  readonly #events: PassageEvents;
  readonly #lingerMs: number;
  readonly #leader: Socket;
  /** Null: the leader has not accepted. */
  #client: Socket | null = null;
  #accepted: AcceptedSocket | null;
  #linger: NodeJS.Timeout | null = null;
  #isCut = false;

  /** `lingerMs`: once one side has ended, all is over after this time. */
  constructor(accepted: AcceptedSocket, { host, port }: Leader, events: PassageEvents, lingerMs: number) {
    this.#events = events;
    this.#lingerMs = lingerMs;
    this.#accepted = accepted;
    const leader = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#leader = leader;
    let reason = `it does not answer within ${CONNECT_MS / 1000} s`;
    const deadline = setTimeout(() => leader.destroy(), CONNECT_MS);
    leader.on('error', (error) => {
      reason = error.message;
    });
    leader.once('connect', () => {
      clearTimeout(deadline);
      this.#open();
    });
    leader.once('close', () => {
      clearTimeout(deadline);
      if (this.#client === null) this.#giveBack(reason);
      else this.#onLeaderClosed(this.#client);
    });
  }

  /** It is not the leader's doing that it ends. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Closes both sides at once. */
  cut(): void {
    this.#isCut = true;
    this.#leader.destroy();
    this.#client?.destroy();
  }

  #giveBack(reason: string): void {
    const accepted = this.#accepted;
    if (accepted !== null) this.#events.onUnreachable(this, accepted, reason);
  }

  #open(): void {
    const accepted = this.#accepted;
    const leader = this.#leader;
    // It was cut meanwhile, and what was accepted is given back.
    if (accepted === null || leader.destroyed) return;
    this.#accepted = null;
    const client = streamSocket(accepted, true);
    this.#client = client;
    for (const side of [client, leader]) {
      side.setKeepAlive(true, KEEP_ALIVE_MS);
      side.once('end', () => this.#onEnd());
    }
    client.setNoDelay(true);
    client.on('error', () => {});
    client.once('close', () => this.#onClientClosed(client));
    leader.write(proxyHeader(accepted.ends ?? endsOf(client), accepted.kind));
    client.pipe(leader);
    leader.pipe(client);
    this.#events.onOpen(this);
  }

  #onEnd(): void {
    this.#linger ??= setTimeout(() => this.cut(), this.#lingerMs);
  }

  #onClientClosed(client: Socket): void {
    if (this.#leader.closed) {
      this.#over();
      return;
    }
    // What it has said to the end is still passed on. What the leader answers is for nobody.
    if (!client.readableEnded) this.#leader.destroy();
    else this.#leader.resume();
    this.#onEnd();
  }

  #onLeaderClosed(client: Socket): void {
    if (client.closed) {
      this.#over();
      return;
    }
    // What the leader has said last may be why it goes: it arrives, as closing a socket with unread octets would not let it.
    client.end();
    client.resume();
    this.#onEnd();
  }

  #over(): void {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#events.onEnd(this);
  }
}
