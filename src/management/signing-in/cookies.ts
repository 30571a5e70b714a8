/**
 * The cookies of the web page. What must hold: scripts never see one, and by TLS none goes without it.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** As much of a request as says who calls. */
export interface ShownBy {
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly socket: Socket;
}

/** `lax`: comes along, too, when somebody is sent here by another site. */
type SameSite = 'Strict' | 'Lax';

export class Cookie {
  readonly #ending: string;
  readonly #sameSite: SameSite;

  constructor(ending: string, sameSite: SameSite) {
    this.#ending = ending;
    this.#sameSite = sameSite;
  }

  /** What it says; null: it is not there. */
  read(request: ShownBy): string | null {
    const prefix = `${this.#name(request)}=`;
    const found = request.headers.cookie?.split(/; */).find((one) => one.startsWith(prefix));
    return found?.slice(prefix.length) ?? null;
  }

  /** A header that sets it. `seconds`: how long it stays; null: as long as the browser does. */
  set(request: ShownBy, value: string, seconds: number | null): string {
    const secure = 'encrypted' in request.socket ? '; Secure' : '';
    const age = seconds === null ? '' : `; Max-Age=${seconds}`;
    return `${this.#name(request)}=${value}; Path=/; HttpOnly; SameSite=${this.#sameSite}${secure}${age}`;
  }

  clear(request: ShownBy): string {
    return this.set(request, '', 0);
  }

  /** Browsers do not tell one port's cookies from another's: brokers of one machine must. */
  #name({ socket }: ShownBy): string {
    return `leveret_${socket.localPort ?? 0}${this.#ending}`;
  }
}
