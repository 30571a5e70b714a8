/**
 * This folder takes what is durable to the store and back; the coordinator may import it, and the program for what it
 * has recovered.
 *
 * Where definitions outlast the broker, as the coordinator uses it. What must hold: the changes of one call are there
 * together or not at all, and they are durable when its promise resolves; no id is given out twice.
 */
import type { Definitions } from '../../store/definitions.js';

export type DefinitionStore = Pick<Definitions, 'list' | 'change' | 'takeQueueId'>;
