/**
 * What is done with what one client is sent, on its way out: read again, where its vhost is traced or spans are told, and
 * held back, where a test asks for that. What must hold: while neither is wanted, the writer hands its bytes on unseen.
 */

import type { Channels } from './channels.js';
import { DeliveryTap } from './consuming/delivery-tap.js';
import { LateConfirms } from './faults/late-confirms.js';
import { tellOfDelivery } from './message-spans.js';
import type { Session } from './session/session.js';
import { traceDelivery } from './tracing.js';
import type { ConnectionWriter } from './transport/writer.js';

export class FollowedOutput {
  readonly #session: Session;
  readonly #channels: Channels;
  readonly #writer: ConnectionWriter;
  /** Null: nobody follows what the client is sent. */
  #tap: DeliveryTap | null = null;
  /** Holds confirms back, where a test asks for that. */
  #lateConfirms: LateConfirms | null = null;

  constructor(session: Session, channels: Channels, writer: ConnectionWriter) {
    this.#session = session;
    this.#channels = channels;
    this.#writer = writer;
  }

  /** Whether the vhost is traced may be otherwise from now on. `isRunning`: the connection. */
  tracingChanged(isRunning: boolean): void {
    const { host, vhost } = this.#session;
    const isFollowed = isRunning && (host.spans !== null || host.view.metadata(vhost).tracing);
    if (isFollowed === (this.#tap !== null)) return;
    host.eventLoop.begin();
    const tap = isFollowed ? this.#newTap() : null;
    this.#tap = tap;
    this.#writer.tap(tap === null ? null : (frames) => tap.take(frames));
  }

  /** What a test has asked to go wrong may be something else from now on. */
  faultsChanged(isRunning: boolean): void {
    const { host } = this.#session;
    const delay = host.faults?.settings.confirmDelay ?? 0;
    if (!isRunning || (delay === 0 && this.#lateConfirms === null)) return;
    host.eventLoop.begin();
    const late = delay === 0 ? null : new LateConfirms(host.clock, delay, (frame) => this.#sendLate(frame));
    this.#writer.filter(late === null ? null : (frames) => late.take(frames));
    this.#lateConfirms?.release();
    this.#lateConfirms = late;
  }

  /** The next message that is got comes from this queue. */
  expectGot(queue: string): void {
    if (this.#tap === null) return;
    this.#tap.expectGot(queue);
    this.#writer.writeAll();
  }

  /** Null: nobody follows. All that was written until now has gone through it. */
  tap(): DeliveryTap | null {
    if (this.#tap !== null) this.#writer.writeAll();
    return this.#tap;
  }

  /** What was on its way has not reached the client. */
  lost(): void {
    this.#tap = null;
  }

  stop(): void {
    this.#lateConfirms?.stop();
  }

  #sendLate(frame: Uint8Array): void {
    this.#session.host.eventLoop.begin();
    this.#writer.send(frame);
  }

  #newTap(): DeliveryTap {
    const session = this.#session;
    const { spans, view } = session.host;
    const isTraced = (): boolean => view.isTraced(session.vhost);
    return new DeliveryTap({
      queueOf: (channel, tag) =>
        spans !== null || isTraced() ? (this.#channels.get(channel)?.queueOf(tag) ?? null) : null,
      arrivalOf: (channel, deliveryTag) => this.#channels.get(channel)?.arrivalOf(deliveryTag) ?? 0,
      wantsBodies: isTraced,
      tell: (delivered) => {
        traceDelivery(session, delivered);
        if (spans !== null) tellOfDelivery(spans, session, delivered);
      },
    });
  }
}
