/**
 * Loaded into a program and all its threads by `node --import`: defects that clients bring about. A worker that reads
 * `throw now` meets an exception in a callback, one that reads `trap now` a trap of WebAssembly, one that reads `exit
 * now` ends. The broker thread meets an exception when the queue `throw in the coordinator` is declared, and a rejected
 * promise that nobody waits for when `reject in the coordinator` is.
 */
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { isMainThread, Worker } from 'node:worker_threads';

/** (module (func (export "trap") unreachable)) */
const TRAP = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[7, 8, 1, 4, 0x74, 0x72, 0x61, 0x70, 0, 0, 10, 5, 1, 3, 0, 0x00, 0x0b],
]);

/** @type {Record<string, () => void>} */
const WORDS = {
  'throw now': () => {
    throw new Error('planted');
  },
  'trap now': () =>
    /** @type {{ trap(): void }} */ (new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports).trap(),
  'exit now': () => process.exit(3),
};

/** @param {{ buffer: Uint8Array, callback: (length: number) => boolean }} onread */
function watched({ buffer, callback }) {
  /** @param {number} length */
  const watching = (length) => {
    const text = Buffer.from(buffer.slice(0, length)).toString('latin1');
    for (const [words, defect] of Object.entries(WORDS)) if (text.includes(words)) defect();
    return callback(length);
  };
  return { buffer, callback: watching };
}

if (!isMainThread) {
  const { Socket } = net;
  net.Socket = class extends Socket {
    constructor(options) {
      super(options?.onread === undefined ? options : { ...options, onread: watched(options.onread) });
    }
  };
  syncBuiltinESMExports();
  const { on } = Worker.prototype;
  Worker.prototype.on = function (event, listener) {
    if (event !== 'message') return on.call(this, event, listener);
    return on.call(this, event, (message) => {
      if (message.request?.queue === 'throw in the coordinator') throw new Error('planted');
      if (message.request?.queue === 'reject in the coordinator') Promise.reject(new Error('planted'));
      listener(message);
    });
  };
}
