/**
 * Loaded into a program and all its threads by `node --import`: defects that clients bring about. A worker that reads
 * `throw now` meets an exception in a callback, one that reads `trap now` a trap of WebAssembly, one that reads `trap
 * in the core` a trap of the core itself, one that reads `exit now` ends, one that reads `exit later` says so and ends
 * when more sockets have come. The broker thread meets an exception when the queue `throw in the coordinator` is
 * declared, and a rejected promise that nobody waits for when `reject in the coordinator` is; after `garble the log` a
 * worker's log tells the log manager what cannot be, and after `break the spill` a write to a spill file throws a
 * TypeError.
 */
import fs from 'node:fs';
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
  // The core reads far behind the end of its memory.
  'trap in the core': () => core?.readyCount(0xfffffff0),
  'exit now': () => process.exit(3),
  'exit later': () => {
    const before = descriptors();
    fs.writeSync(1, 'waiting for sockets\n');
    while (descriptors() < before + SOCKETS);
    process.exit(3);
  },
};

/** Sockets that `exit later` waits for. */
const SOCKETS = 6;

function descriptors() {
  return fs.readdirSync('/proc/self/fd').length;
}

/** The core of this thread. @type {{ readyCount(queue: number): number } | null} */
let core = null;

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
  const { openSync, write } = fs;
  /** @type {Set<number>} */
  const spillFiles = new Set();
  let breaksSpill = false;
  let garblesLog = false;
  fs.openSync = (path, ...more) => {
    const fd = openSync(path, ...more);
    if (String(path).endsWith('.spill')) spillFiles.add(fd);
    return fd;
  };
  fs.write = (fd, ...more) => {
    if (breaksSpill && spillFiles.has(fd)) throw new TypeError('planted');
    return write(fd, ...more);
  };
  syncBuiltinESMExports();
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(module, imports) {
      super(module, imports);
      if ('readyCount' in this.exports) core = this.exports;
    }
  };
  const { on } = Worker.prototype;
  Worker.prototype.on = function (event, listener) {
    if (event !== 'message') return on.call(this, event, listener);
    return on.call(this, event, (message) => {
      if (message.request?.queue === 'throw in the coordinator') throw new Error('planted');
      if (message.request?.queue === 'reject in the coordinator') Promise.reject(new Error('planted'));
      if (message.request?.queue === 'break the spill') breaksSpill = true;
      if (message.request?.queue === 'garble the log') garblesLog = true;
      if (garblesLog) for (const event of message.events ?? []) event.facts?.fill(0xff, 4, 5);
      listener(message);
    });
  };
}
