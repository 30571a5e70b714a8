/**
 * One attack: heads that are right, changed at random, sent in pieces to one of the listeners, and an end. What must
 * hold: it is made of the seed and its number alone.
 */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** From where a proxy comes that is believed. */
const PROXY = '127.0.0.2';
/** How long an attack may hold its socket (ms). */
const HOLD_MS = 3_000;

export class Attack {
  /** What it does, for whoever is to understand a failure. */
  record;
  #random;
  #ports;
  #tls;

  constructor(seed, number, ports, { hello, ca }) {
    this.#random = randomNumbers(seed * 7919 + number * 104_729 + 1);
    for (let i = 0; i < 8; i++) this.#random();
    this.#ports = ports;
    this.#tls = { ca };
    const kind = this.#one(['tcp', 'tls', 'ws', 'wss', 'unix']);
    const isProxy = kind !== 'unix' && this.#chance(0.35);
    // Inside of TLS that is right, or in its place.
    const isInside = (kind === 'tls' || kind === 'wss') && this.#chance(0.5);
    const heads = this.#heads(kind, isProxy, isInside, hello);
    this.record = {
      number,
      kind,
      from: isProxy ? PROXY : `127.0.1.${1 + this.#below(8)}`,
      isInside,
      pieces: this.#cut(Buffer.concat(heads)).map((piece) => piece.toString('hex')),
      end: this.#one(['end', 'hold', 'reset', 'destroy', 'end', 'hold a moment']),
    };
    if (isInside && isProxy) this.record.header = this.#proxyHeader().toString('hex');
  }

  /** Resolves when its socket is closed. */
  async make() {
    const { kind, from, isInside, pieces, end, header } = this.record;
    const target =
      kind === 'unix' ? { path: this.#ports.unix } : { port: this.#ports[kind], host: '127.0.0.1', localAddress: from };
    const socket = connect(target);
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.setNoDelay(true);
    if (header !== undefined) socket.write(Buffer.from(header, 'hex'));
    const stream = isInside ? connectTls({ socket, ...this.#tls, host: '127.0.0.1' }) : socket;
    stream.on('error', () => {});
    stream.resume();
    // A socket below TLS may be closed without a word of it.
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => {
        stream.destroy();
        socket.destroy();
        resolve();
      }, HOLD_MS + 500);
    });
    for (const piece of pieces) {
      if (socket.destroyed) break;
      stream.write(Buffer.from(piece, 'hex'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (end === 'end') stream.end();
    else if (end === 'reset' && kind !== 'unix') socket.resetAndDestroy();
    else if (end === 'destroy' || end === 'reset') stream.destroy();
    else setTimeout(() => stream.end(), end === 'hold' ? HOLD_MS : 100);
    await Promise.race([closed, late]);
    stream.destroy();
    socket.destroy();
    clearTimeout(timer);
  }

  #heads(kind, isProxy, isInside, hello) {
    const heads = [];
    if (isProxy && !isInside) heads.push(this.#proxyHeader());
    if ((kind === 'tls' || kind === 'wss') && !isInside) heads.push(this.#changed(hello));
    const amqp = [this.#changed(PROTOCOL_HEADER), this.#changed(this.#startOk()), this.#changed(TUNE_OK_AND_OPEN)];
    if (kind === 'ws' || kind === 'wss') {
      heads.push(this.#changed(this.#request()));
      for (const octets of amqp.slice(0, 1 + this.#below(3))) heads.push(...this.#frames(octets));
      if (this.#chance(0.3)) heads.push(this.#changed(this.#frame(this.#below(16), this.#octets(this.#below(200)))));
    } else heads.push(...amqp.slice(0, 1 + this.#below(3)));
    if (this.#chance(0.1)) heads.splice(this.#below(heads.length), 1);
    if (this.#chance(0.1)) heads.push(this.#octets(this.#below(3000)));
    return heads;
  }

  #proxyHeader() {
    if (this.#chance(0.4)) {
      const address = this.#chance(0.5) ? 'TCP4 127.0.0.1 192.0.2.1 1 2' : 'TCP6 2001:db8::1 ::1 65535 5672';
      return this.#changed(Buffer.from(`PROXY ${this.#chance(0.2) ? 'UNKNOWN' : address}\r\n`, 'latin1'));
    }
    const rest = [this.#octets(12), this.#octets(36), Buffer.alloc(0), this.#octets(216)];
    const family = this.#below(4);
    const details = this.#chance(0.5)
      ? Buffer.concat([Buffer.of(this.#below(64), 0, 5), this.#octets(5)])
      : Buffer.alloc(0);
    const body = Buffer.concat([rest[family], details]);
    const head = Buffer.concat([
      Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
      Buffer.of(this.#chance(0.8) ? 0x21 : 0x20, (family << 4) | 1, body.length >> 8, body.length & 255),
    ]);
    return this.#changed(Buffer.concat([head, body]));
  }

  #request() {
    const lines = [
      `GET /${'p'.repeat(this.#below(this.#chance(0.1) ? 20_000 : 20))} HTTP/1.1`,
      'Host: hare',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${this.#octets(16).toString('base64')}`,
      `Sec-WebSocket-Protocol: ${this.#one(['amqp', 'mqtt', 'amqp, mqtt', ',', ''])}`,
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      'Origin: https://hare.example',
    ];
    if (this.#chance(0.2)) lines.splice(1 + this.#below(lines.length - 1), 1);
    if (this.#chance(0.1))
      lines[0] = this.#one(['POST / HTTP/1.1', 'GET / HTTP/1.0', 'CONNECT a:1 HTTP/1.1', 'PRI * HTTP/2.0']);
    if (this.#chance(0.1))
      lines.push(this.#one(['Content-Length: 100', 'Transfer-Encoding: chunked', 'Expect: 100-continue']));
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }

  /** Octets as messages of WebSocket, in one frame or several. */
  #frames(octets) {
    const cut = this.#below(octets.length + 1);
    if (this.#chance(0.5)) return [this.#maybeChanged(this.#frame(2, octets))];
    return [
      this.#maybeChanged(this.#frame(2, octets.subarray(0, cut), false)),
      ...(this.#chance(0.3) ? [this.#frame(9, this.#octets(5))] : []),
      this.#maybeChanged(this.#frame(0, octets.subarray(cut))),
    ];
  }

  #maybeChanged(octets) {
    return this.#chance(0.3) ? this.#changed(octets) : octets;
  }

  #frame(opcode, octets, isLast = true) {
    const mask = this.#octets(4);
    const masked = Buffer.from(octets.map((octet, index) => octet ^ mask[index & 3]));
    const { length } = octets;
    const head = length < 126 ? Buffer.of(length | 128) : Buffer.of(126 | 128, length >> 8, length & 255);
    return Buffer.concat([Buffer.of((isLast ? 128 : 0) | opcode), head, mask, masked]);
  }

  #startOk() {
    const mechanism = this.#one(['PLAIN', 'AMQPLAIN', 'EXTERNAL', 'ANONYMOUS', 'PLAIN', 'X']);
    const response =
      mechanism === 'AMQPLAIN'
        ? Buffer.concat([field('LOGIN', 'guest'), field('PASSWORD', this.#one(['guest', 'wrong']))])
        : Buffer.from(this.#one(['\0guest\0guest', '\0guest\0wrong', '\0', '', 'guest']), 'latin1');
    const properties = this.#chance(0.6) ? field('product', 'fuzz') : this.#octets(this.#below(300));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(properties.length);
    return method(
      Buffer.concat([
        Buffer.of(0, 10, 0, 11),
        ...[length, properties, short(mechanism), long(response), short('en_US')],
      ]),
    );
  }

  /** Some octets are others, or gone, or there twice; or nothing is changed. */
  #changed(octets) {
    if (this.#chance(0.35)) return octets;
    let result = Buffer.from(octets);
    for (let changes = 1 + this.#below(3); changes > 0 && result.length > 0; changes--) {
      const at = this.#below(result.length);
      switch (this.#below(6)) {
        case 0:
          result[at] = this.#below(256);
          break;
        case 1:
          result[at] ^= 1 << this.#below(8);
          break;
        case 2:
          result = result.subarray(0, at);
          break;
        case 3:
          result = Buffer.concat([result.subarray(0, at), this.#octets(1 + this.#below(20)), result.subarray(at)]);
          break;
        case 4:
          result = Buffer.concat([
            result.subarray(0, at),
            result.subarray(Math.min(result.length, at + 1 + this.#below(8))),
          ]);
          break;
        default:
          result[at] = this.#one([0, 255, 127, 128]);
      }
    }
    return result;
  }

  #cut(octets) {
    const pieces = [];
    const most = this.#one([1, 7, 100, 5000, 100_000]);
    // What comes octet by octet would take long where there is much.
    const size = Math.max(most, Math.ceil(octets.length / 300));
    for (let at = 0; at < octets.length; ) {
      const length = 1 + this.#below(size);
      pieces.push(octets.subarray(at, at + length));
      at += length;
    }
    return pieces;
  }

  #octets(length) {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  #below(most) {
    return Math.floor(this.#random() * most);
  }

  #chance(share) {
    return this.#random() < share;
  }

  #one(all) {
    return all[this.#below(all.length)];
  }
}

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const TUNE_OK_AND_OPEN = Buffer.concat([
  method(Buffer.of(0, 10, 0, 31, 7, 255, 0, 2, 0, 0, 0, 0)),
  method(Buffer.of(0, 10, 0, 40, 1, 47, 0, 0)),
]);

/** A method on channel 0, as a frame. */
function method(payload) {
  const head = Buffer.of(1, 0, 0, 0, 0, 0, 0);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(0xce)]);
}

function short(text) {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')]);
}

function long(octets) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(octets.length);
  return Buffer.concat([length, octets]);
}

function field(name, value) {
  return Buffer.concat([short(name), Buffer.from('S'), long(Buffer.from(value, 'latin1'))]);
}

/** Numbers from 0 to below 1, the same for a seed: Marsaglia's xorshift of 32 bits. */
function randomNumbers(seed) {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
