/** References into a core. All are non-zero integers; 0 means "none". They are opaque to the host. */
export type Queue = number;
export type Connection = number;
export type Channel = number;
export type Consumer = number;
export type Message = number;
/** A number for what is counted of an exchange or a vhost, which whoever makes these gives out; from 1 on. */
export type CounterList = number;
