/** What test/bench knows of the ledger. */
export class Ledger {
  constructor(messages: number);
  produce(): number;
  confirm(message: number): void;
  unknown(message: number): void;
  deliver(message: number, redelivered: boolean): void;
  ack(message: number): void;
  doubt(message: number): void;
  gone(message: number): void;
  close(): void;
}
