/** Limits and layout, for the host. */
import { CHANNEL_MAX } from '../amqp/connection/connection';
import { ROUTE_QUEUES_MAX } from '../amqp/receiving/route';
import { BODY_MAX, FRAME_MAX } from '../memory/message';
import { PAGE, Participant, SEGMENT } from '../memory/root';
import { SLOTS } from '../queue/chain/queue';
import { RUN_MAX } from '../queue/publish';

export { BODY_MAX, FRAME_MAX, CHANNEL_MAX, PAGE, SEGMENT, RUN_MAX, ROUTE_QUEUES_MAX, SLOTS };
/** Version of the memory layout; a host and a core must agree. */
export const LAYOUT: u32 = 2;
/** Word of a participant's page that is raised at each ring, in bytes from its start. */
export const DOORBELL_OFFSET: u32 = offsetof<Participant>('doorbell');
