/**
 * The HTTP of a node of a cluster that follows, in a thread of its own: it says that it does not serve, who does, and how
 * the cluster is. What must hold: when `close` has resolved, its addresses are free for the broker that opens on them.
 */
import { once } from 'node:events';
import { Worker as Thread } from 'node:worker_threads';
import type { TlsSetup } from '../connection/transport/opening/tls-setup.js';
import { fatal, inWords } from '../platform/fatal.js';
import type { Outcome } from './broker-messages.js';
import { type ClusterMember, callMember, type MemberCall } from './cluster/cluster-member.js';
import { ListenError } from './listeners/listeners.js';
import type { BoundHttp, HttpAddress } from './management-messages.js';

/** What the thread starts with. */
export interface StandbySetup {
  readonly address: HttpAddress;
  readonly tls: TlsSetup | null;
}

export type ToStandby =
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: Outcome }
  /** Let go of the addresses, and say `closed`. */
  | { readonly kind: 'close' };

export type FromStandby =
  | { readonly kind: 'listening'; readonly bound: BoundHttp }
  /** `where`: the address that cannot be had. */
  | { readonly kind: 'refused'; readonly where: string; readonly reason: string }
  | { readonly kind: 'member'; readonly id: number; readonly call: MemberCall }
  /** For the operator's log: a defect. */
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'closed' };

export class StandbyHttp {
  readonly bound: BoundHttp;
  readonly #thread: Thread;
  readonly #closed: Promise<void>;

  private constructor(thread: Thread, bound: BoundHttp, closed: Promise<void>) {
    this.#thread = thread;
    this.bound = bound;
    this.#closed = closed;
  }

  /**
   * Where the broker's HTTP will be, but for its metrics. Rejects with a `ListenError` when an address cannot be had.
   * `report`: errors of the log.
   */
  static open(
    address: HttpAddress,
    tls: TlsSetup | null,
    member: ClusterMember,
    report: (line: string) => void,
  ): Promise<StandbyHttp> {
    const thread = new Thread(new URL('../management/standby-thread.js', import.meta.url), {
      workerData: { address: { ...address, metrics: null }, tls } satisfies StandbySetup,
      name: 'leveret-standby',
    });
    thread.on('error', fatal);
    return new Promise((resolve, reject) => {
      const closed = new Promise<void>((isClosed) => {
        thread.on('message', (message: FromStandby) => {
          switch (message.kind) {
            case 'listening':
              resolve(new StandbyHttp(thread, message.bound, closed));
              break;
            case 'refused':
              thread.terminate().then(() => reject(new ListenError(message.where, message.reason)), reject);
              break;
            case 'member':
              answer(thread, message.id, callMember(member, message.call));
              break;
            case 'line':
              report(message.line);
              break;
            case 'closed':
              isClosed();
              break;
            default:
              message satisfies never;
          }
        });
      });
    });
  }

  /** Requests that are being answered break off. */
  async close(): Promise<void> {
    const exit = once(this.#thread, 'exit');
    tell(this.#thread, { kind: 'close' });
    await Promise.race([this.#closed, exit]);
    await this.#thread.terminate();
  }
}

function answer(thread: Thread, id: number, work: Promise<unknown>): void {
  work.then(
    (value) => tell(thread, { kind: 'answer', id, outcome: { ok: true, value } }),
    (error: unknown) => tell(thread, { kind: 'answer', id, outcome: { ok: false, error: inWords(error) } }),
  );
}

function tell(thread: Thread, message: ToStandby): void {
  thread.postMessage(message);
}
