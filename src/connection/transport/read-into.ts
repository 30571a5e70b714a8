/**
 * Lets a socket that is there already read into one buffer, as Node's `onread` does for those that are made with it: a
 * TLS socket of a server cannot be. What must hold: where Node's inner names are others than those here, the socket is
 * left as it is, and brings chunks of its own.
 */
import type { Socket } from 'node:net';

/** What comes into the buffer is told by its length; false: nothing more is to come for now. */
export type OnRead = (length: number) => boolean;

/** A socket, by what `onread` sets in it. */
interface Inner {
  [name: symbol]: unknown;
  readonly _handle?: { useUserBuffer?: (buffer: Uint8Array) => void } | null;
}

/** Whether it does from now on. What the socket has read before still comes as its data. */
export function readInto(socket: Socket, buffer: Uint8Array, onRead: OnRead): boolean {
  const inner = socket as unknown as Inner;
  const handle = inner._handle;
  const names = new Map(Object.getOwnPropertySymbols(socket).map((name) => [name.description, name]));
  const [bufferName, callbackName] = [names.get('kBuffer'), names.get('kBufferCb')];
  if (typeof handle?.useUserBuffer !== 'function' || bufferName === undefined || callbackName === undefined)
    return false;
  if (inner[bufferName] !== null || inner[callbackName] !== null) return false;
  handle.useUserBuffer(buffer);
  inner[bufferName] = buffer;
  inner[callbackName] = onRead;
  return true;
}
