/** References into a core. All are non-zero integers; 0 means "none". They are opaque to the host. */
export type Queue = number;
export type Connection = number;
export type Channel = number;
export type Consumer = number;
export type Message = number;
