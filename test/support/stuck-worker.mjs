/**
 * Loaded into a broker's process and all its threads by `node --import`: a worker whose client sends the words below
 * never comes back from handling them. It loops inside WebAssembly, as a defect of the core would; the words come in by
 * a socket, and the loop begins where the worker next asks for the time, with a line on standard error.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { isMainThread } from 'node:worker_threads';

const WORDS = 'never come back';

/** (module (func (export "spin") (loop br 0))) */
const SPIN = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[7, 8, 1, 4, 0x73, 0x70, 0x69, 0x6e, 0, 0, 10, 9, 1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b],
]);

if (!isMainThread) {
  const { now } = Date;
  let isStuck = false;
  Date.now = () => {
    if (isStuck) fs.writeSync(2, 'a worker is stuck on purpose\n');
    if (isStuck) new WebAssembly.Instance(new WebAssembly.Module(SPIN)).exports.spin();
    return now();
  };
  const { Socket } = net;
  net.Socket = class extends Socket {
    constructor(options) {
      const { onread } = options;
      if (onread !== undefined) {
        const { buffer, callback } = onread;
        const watched = (length) => {
          if (Buffer.from(buffer.slice(0, length)).includes(WORDS)) isStuck = true;
          return callback(length);
        };
        super({ ...options, onread: { buffer, callback: watched } });
      } else super(options);
    }
  };
  syncBuiltinESMExports();
}
