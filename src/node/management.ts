/**
 * The management as the broker thread has it: has it listen, answers what it asks of the administration, and has it
 * end. What must hold: its questions are answered in their order.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Logger } from '../logging/logger.js';
import { inWords } from '../platform/fatal.js';
import { within } from '../platform/within.js';
import type { SpilledBrowsing } from '../queues/spill/spilled-browsing.js';
import type { AdministrationRequest } from './administration.js';
import type { Outcome } from './broker-messages.js';
import { type ClusterMember, callMember } from './cluster/cluster-member.js';
import { ListenError } from './listeners/listeners.js';
import type { BoundHttp, BrokerFacts, FromManagement, HttpAddress, ToManagement } from './management-messages.js';

/** Asks the administration; `answer` is called once. */
export type AskAdministration = (
  request: AdministrationRequest,
  answer: (outcome: Outcome) => void,
  user: string | null,
) => void;

/** A thread that does not hear for so long is stuck, which the workers' watch tells of (ms). */
const CLOSE_MS = 2_000;

export class Management {
  /** Goes to its thread. */
  readonly remote: MessagePort;
  readonly #port: MessagePort;
  /** Ends that the log is told to it. */
  #leaveLog = (): void => {};
  #hasThread = false;
  #onClosed = (): void => {};

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.remote = port2;
  }

  /**
   * Rejects with a `ListenError` when the address cannot be had. `stop` is called when the operator asks for it. `member`:
   * null where the facts say so.
   */
  listen(
    address: HttpAddress,
    facts: BrokerFacts,
    ask: AskAdministration,
    spilled: SpilledBrowsing,
    member: ClusterMember | null,
    stop: () => void,
    log: Pick<Logger, 'follow'>,
  ): Promise<BoundHttp> {
    return new Promise((resolve, reject) => {
      this.#port.on('message', (message: FromManagement) => {
        switch (message.kind) {
          case 'listening':
            resolve(message.bound);
            break;
          case 'closed':
            this.#onClosed();
            break;
          case 'refused':
            reject(new ListenError(message.where, message.reason));
            break;
          case 'ask':
            ask(message.request, (outcome) => this.#tell({ kind: 'answer', id: message.id, outcome }), message.user);
            break;
          case 'browse':
            this.#answer(message.id, spilled.browse(message.wish));
            break;
          case 'member':
            if (member !== null) this.#answer(message.id, callMember(member, message.call));
            break;
          case 'follow log':
            this.#leaveLog();
            if (message.isOn) this.#leaveLog = log.follow((entries) => this.#tell({ kind: 'log', entries }));
            break;
          case 'stop':
            stop();
            break;
          default:
            message satisfies never;
        }
      });
      this.#hasThread = true;
      this.#tell({ kind: 'listen', address, facts });
    });
  }

  /**
   * Takes no more requests. Resolves when its thread has heard so, or is too busy to; to be awaited before that is ended
   * with the workers, whose words come to it another way: else its socket's file stays.
   */
  async close(): Promise<void> {
    if (this.#hasThread) {
      const closed = new Promise<void>((resolve) => {
        this.#onClosed = resolve;
      });
      this.#tell({ kind: 'close' });
      await within(CLOSE_MS, closed);
    }
    this.#port.close();
  }

  #answer(id: number, work: Promise<unknown>): void {
    work.then(
      (value) => this.#tell({ kind: 'answer', id, outcome: { ok: true, value } }),
      (error: unknown) => this.#tell({ kind: 'answer', id, outcome: { ok: false, error: inWords(error) } }),
    );
  }

  #tell(message: ToManagement): void {
    this.#port.postMessage(message);
  }
}
