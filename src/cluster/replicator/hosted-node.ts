/**
 * The end of a node that runs in a thread of its own, so that neither a busy broker nor a recovery keeps a beat
 * waiting. What must hold: it is the node that runs in the broker's thread otherwise; the replica alone stays with the
 * directory, and is applied to by messages.
 */
import type { Clock } from '../../platform/clock.js';
import { fatal } from '../../platform/fatal.js';
import type { Followed } from '../../store/definitions.js';
import type { Portion } from '../protocol/replica-store.js';
import { TIMING } from '../protocol/timing.js';
import type { ChainPosition } from '../records/link.js';
import type { Following } from './led-node.js';
import { Replicator, type ReplicatorOptions } from './replicator.js';
import type { FromNode, NodePort, ToNode } from './replicator-messages.js';

type Port = NodePort<FromNode, ToNode>;

/** The replica, where the directory is. */
class FarReplica implements Following {
  #onApplied: (sequence: number) => void = () => undefined;
  #onLeft: (error: Error | null) => void = () => undefined;

  constructor(
    private readonly port: Port,
    public position: ChainPosition,
  ) {}

  apply(portion: Portion): void {
    this.port.postMessage({ kind: 'apply', portion });
  }

  onApplied(listener: (sequence: number) => void): void {
    this.#onApplied = listener;
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onLeft = (error) => (error === null ? resolve() : reject(error));
      this.port.postMessage({ kind: 'leave' });
    });
  }

  applied(position: ChainPosition): void {
    this.position = position;
    this.#onApplied(position.sequence);
  }

  left(position: ChainPosition, error: string | null): void {
    this.position = position;
    this.#onLeft(error === null ? null : new Error(error));
  }
}

export interface HostedOptions extends Omit<ReplicatorOptions, 'replica' | 'events'> {
  readonly port: Port;
  /** Of the replica, as it begins. */
  readonly position: ChainPosition;
  /** Ends what else there is of the node: it says nothing more. */
  readonly close: () => Promise<void>;
}

/** Begins to follow, and hears the port. */
export function hostNode({ port, position, close, ...options }: HostedOptions): void {
  const { clock } = options;
  const replica = new FarReplica(port, position);
  const saves = new Map<number, (error: string | null) => void>();
  let lastSave = 0;
  let paused = (): void => undefined;
  let endStatus = (): void => undefined;
  const replicator: Replicator = new Replicator({
    ...options,
    replica,
    events: {
      onLead: (epoch) => port.postMessage({ kind: 'lead', epoch }),
      onHandOver: (ready) => {
        paused = ready;
        port.postMessage({ kind: 'hand over' });
      },
      onRole: (role) => port.postMessage({ kind: 'role', role, status: replicator.status }),
      onTrouble: (text) => port.postMessage({ kind: 'trouble', text }),
    },
  });
  const save = (followed: Followed): Promise<void> =>
    new Promise((resolve, reject) => {
      lastSave += 1;
      saves.set(lastSave, (error) => (error === null ? resolve() : reject(new Error(error))));
      port.postMessage({ kind: 'save', id: lastSave, followed });
    });
  const answer = (id: number, work: Promise<unknown>): void => {
    work.then(
      (value) => port.postMessage({ kind: 'answer', id, value, error: null }),
      ({ message }: Error) => port.postMessage({ kind: 'answer', id, value: null, error: message }),
    );
  };
  const stop = async (drop: boolean): Promise<void> => {
    endStatus();
    const error = await replicator.stop(drop).then(
      () => null,
      ({ message }: Error) => message,
    );
    await close();
    port.postMessage({ kind: 'stopped', error });
  };
  port.on('message', (message) => {
    switch (message.kind) {
      case 'applied':
        return replica.applied(message.position);
      case 'left':
        return replica.left(message.position, message.error);
      case 'serve':
        return replicator.serve(message.followed, save);
      case 'saved':
        saves.get(message.id)?.(message.error);
        saves.delete(message.id);
        return;
      case 'connect':
        return replicator.connect(message.lane, message.port);
      case 'define':
        return answer(message.id, replicator.define(message.changes));
      case 'defined':
        return replicator.defined(message.sequence);
      case 'known':
        return answer(message.id, replicator.known(message.queues));
      case 'deleted':
        return answer(message.id, replicator.deleted(message.queues));
      case 'step down':
        return answer(message.id, replicator.stepDown(message.to));
      case 'remove':
        return answer(message.id, replicator.remove(message.name));
      case 'paused':
        return paused();
      case 'fail':
        return replicator.fail(message.error);
      case 'stop':
        stop(message.drop).catch(fatal);
        return;
      default:
        return message satisfies never;
    }
  });
  endStatus = eachStatus(clock, options.timing?.status ?? TIMING.status, () =>
    port.postMessage({ kind: 'status', status: replicator.status }),
  );
  port.postMessage({ kind: 'status', status: replicator.status });
}

/** Calls again and again; what it returns ends that. */
function eachStatus(clock: Clock, every: number, tell: () => void): () => void {
  let callOff = (): void => undefined;
  const again = (): void => {
    callOff = clock.after(every, () => {
      tell();
      again();
    });
  };
  again();
  return () => callOff();
}
