/** What systemd hears of a broker: a datagram socket of Python's, which hands on each datagram with its sender. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from '../support/waiting.js';

const RECEIVER = `
import json, socket, struct, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
receiver.bind(sys.argv[1].replace('@', '\\0', 1) if sys.argv[1].startswith('@') else sys.argv[1])
print(json.dumps({'pid': 0, 'text': 'bound'}), flush=True)
while True:
    octets, extra, _, _ = receiver.recvmsg(65536, 256)
    pid = next(struct.unpack('iii', data)[0] for _, kind, data in extra if kind == socket.SCM_CREDENTIALS)
    print(json.dumps({'pid': pid, 'text': octets.decode()}), flush=True)
`;
/** Longer than anything takes that is waited for here. */
const PATIENCE = 25_000;

interface Heard {
  /** Of whom, as the kernel says. */
  readonly pid: number;
  readonly text: string;
}

export class NotifySocket {
  readonly address: string;
  readonly #receiver: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** All that came. */
  readonly heard: Heard[] = [];

  private constructor(address: string) {
    this.address = address;
    this.#receiver = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    const { stdout } = this.#receiver;
    if (stdout === null) throw new Error('the receiver has no output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  static async bind(address: string): Promise<NotifySocket> {
    const socket = new NotifySocket(address);
    await socket.until(/^bound$/);
    return socket;
  }

  /** The next datagram that looks so; what comes before it is in `heard`. */
  async until(wanted: RegExp): Promise<Heard> {
    for (;;) {
      const seen = (): string => JSON.stringify(this.heard.slice(-5));
      const line = await within(PATIENCE, `a datagram like ${wanted}`, this.#lines.next(), seen);
      if (line.done) throw new Error('the receiver has ended');
      const heard = JSON.parse(line.value) as Heard;
      this.heard.push(heard);
      if (wanted.test(heard.text)) return heard;
    }
  }

  close(): void {
    this.#receiver.kill();
  }
}
