/** What has happened so far; rates are differences between two moments. */
export class Tally {
  published = 0;
  confirmed = 0;
  delivered = 0;
  redelivered = 0;
  reconnects = 0;
  /** Queues that were declared, used and deleted. */
  queues = 0;
}
