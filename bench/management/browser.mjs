/**
 * Who watches a broker: a browser with the management's pages open, which asks each second, and Prometheus, which
 * scrapes each five. What must hold: what is asked is answered by 200, or the bench ends.
 */
import { Agent, request } from 'node:http';

const POLL_MS = 1000;
const SCRAPE_MS = 5000;
const OVERVIEW = '/api/overview';
/** What the pages ask for. */
const PAGES = [
  OVERVIEW,
  '/api/queues?page=1&page_size=100&name=&use_regex=false&pagination=true',
  '/api/connections?page=1&page_size=100&name=&use_regex=false&pagination=true',
  '/api/channels?page=1&page_size=100&name=&use_regex=false&pagination=true',
  '/api/exchanges?page=1&page_size=100&name=&use_regex=false&pagination=true',
];
const METRICS = '/metrics';

export class Browser {
  #port;
  #agent = new Agent({ keepAlive: true });
  /** What the scrape asks for; a broker without metrics is asked for the overview. */
  #scraped = METRICS;
  /** How long overviews took (ms). @type {number[]} */
  overviews = [];
  answers = 0;

  /** @param {number} port of the HTTP API */
  constructor(port) {
    this.#port = port;
  }

  /** Looks until what it returns is called. */
  watch() {
    const fail = (/** @type {Error} */ error) => {
      if (isOver) return;
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    };
    let isOver = false;
    const poll = () => void this.poll().catch(fail);
    const scrape = () => void this.#scrape().catch(fail);
    poll();
    const timers = [setInterval(poll, POLL_MS), setInterval(scrape, SCRAPE_MS)];
    return () => {
      isOver = true;
      timers.forEach(clearInterval);
    };
  }

  /** Asks once for what all pages show. */
  async poll() {
    for (const path of PAGES) await (path === OVERVIEW ? this.look() : this.#get(path));
  }

  /** Asks for an overview alone. */
  async look() {
    const begun = performance.now();
    await this.#get(OVERVIEW);
    this.overviews.push(performance.now() - begun);
  }

  async #scrape() {
    if ((await this.#status(this.#scraped)) === 404) this.#scraped = OVERVIEW;
  }

  /** @param {string} path */
  async #get(path) {
    const status = await this.#status(path);
    if (status !== 200) throw new Error(`${path} was answered by ${status}`);
  }

  /**
   * @param {string} path
   * @returns {Promise<number | undefined>}
   */
  #status(path) {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#port, path, agent: this.#agent, auth: 'guest:guest' };
      const asked = request(options, (response) => {
        response.resume();
        response.on('end', () => {
          this.answers += 1;
          resolve(response.statusCode);
        });
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  close() {
    this.#agent.destroy();
  }
}

/** @param {readonly number[]} values at least one */
export function p99(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}
