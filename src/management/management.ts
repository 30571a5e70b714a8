/**
 * The management as a whole: what its routes work with, and its life from the broker thread's `listen` to its `close`.
 */
import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { keySource, type OauthSetup } from '../connection/tokens/oauth-setup.js';
import type { LogLevels } from '../logging/levels.js';
import { Asking } from '../node/asking.js';
import { remoteMember } from '../node/cluster/cluster-member.js';
import type { BoundHttp, BrokerFacts, FromManagement, HttpAddress, ToManagement } from '../node/management-messages.js';
import { fatal } from '../platform/fatal.js';
import type { Worker } from '../worker/worker.js';
import type { IssuerSignIn, ManagedBroker } from './api/base/managed-broker.js';
import { principalOfMove } from './api/base/principals.js';
import type { Clients } from './clients/clients.js';
import { authenticate } from './http/authentication.js';
import { callers } from './http/callers.js';
import { notFound } from './http/errors.js';
import { AddressRefused, HttpListening, type Listeners } from './http/listening.js';
import type { HttpServer } from './http/server.js';
import { EventStreams } from './live/event-streams.js';
import { FollowedLog } from './live/followed-log.js';
import { MoveStore } from './moving/move-store.js';
import type { Moves } from './moving/moves.js';
import { purgeFirst } from './moving/purge.js';
import { Sessions } from './sessions/sessions.js';
import { PageSessions } from './signing-in/page-sessions.js';
import type { PageSignIn } from './signing-in/page-sign-in.js';
import { Latencies } from './statistics/latencies.js';
import { NodeHistory } from './statistics/node-history.js';
import { Statistics } from './statistics/statistics.js';

/** Where the build puts the web page. */
const PAGE = fileURLToPath(new URL('../ui', import.meta.url));

export class Management {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #clients: Clients;
  readonly #logLevels: LogLevels;
  readonly #asking = new Asking();
  readonly #statistics: Statistics;
  readonly #streams = new EventStreams();
  readonly #log = new FollowedLog((isOn) => this.#tell({ kind: 'follow log', isOn }));
  readonly #latencies: Latencies;
  readonly #history: NodeHistory;
  #listening: HttpListening | null = null;
  /** Null: nobody has asked for any, and none was left over. */
  #moves: Promise<Moves> | null = null;
  #isClosing = false;

  constructor(worker: Worker, port: MessagePort, clients: Clients, logLevels: LogLevels) {
    this.#worker = worker;
    this.#clients = clients;
    this.#port = port;
    this.#latencies = new Latencies(worker.engine);
    this.#history = new NodeHistory(worker.engine, worker.alarms, this.#latencies);
    this.#statistics = new Statistics(worker.view, worker.engine);
    worker.logins.failed.attempts.protocol = 'http';
    worker.tlsReplaced = (setup) => this.#listening?.replaceTls(setup);
    this.#logLevels = logLevels;
    port.on('message', (message: ToManagement) => this.#onMessage(message));
  }

  #onMessage(message: ToManagement): void {
    switch (message.kind) {
      case 'listen':
        this.#listen(message.address, message.facts).catch(fatal);
        break;
      case 'answer':
        this.#asking.onAnswer(message);
        break;
      case 'log':
        this.#log.take(message.entries);
        break;
      case 'close':
        this.#statistics.sampler.stop();
        this.#latencies.stop();
        this.#history.stop();
        this.#isClosing = true;
        this.#close().catch(fatal);
        break;
      default:
        message satisfies never;
    }
  }

  async #close(): Promise<void> {
    const closed = this.#listening?.close();
    this.#streams.close();
    this.#moves?.then((moves) => moves.close()).catch(fatal);
    await closed;
    this.#clients.close();
    this.#tell({ kind: 'closed' });
  }

  async #listen(address: HttpAddress, facts: BrokerFacts): Promise<void> {
    // Whoever asks for the first time wants to know what was before.
    this.#statistics.sampler.start(fatal);
    this.#latencies.start();
    // The workers, this thread and the broker's.
    this.#history.start(facts.workers + 2);
    try {
      const listening = await HttpListening.open(address, this.#worker.tls, () =>
        this.#api(facts, listening.bound, address.page),
      );
      this.#listening = listening;
      this.#tell({ kind: 'listening', bound: listening.bound });
      if (await new MoveStore(facts.dataDirectory).isUsed()) await this.#openMoves(facts);
    } catch (error) {
      if (!(error instanceof AddressRefused)) throw error;
      this.#tell({ kind: 'refused', where: error.where, reason: error.message });
    }
  }

  /** Loaded when they are needed. Those that were left over go on. */
  #openMoves(facts: BrokerFacts): Promise<Moves> {
    this.#moves ??= import('./moving/moves.js').then(async ({ Moves }) => {
      const worker = this.#worker;
      const moves = new Moves(
        worker,
        new MoveStore(facts.dataDirectory),
        (spec) => principalOfMove(worker, spec),
        worker.lines('warning', 'broker'),
      );
      if (this.#isClosing) moves.close();
      await moves.resume();
      return moves;
    });
    return this.#moves;
  }

  /** Loaded for the first request: most brokers are never asked. */
  async #api(facts: BrokerFacts, http: BoundHttp, hasPage: boolean): Promise<Listeners> {
    const [{ createServer }, { addMetricRoutes, addRoutes }, { callbackRoute, noPageRoute, pageRoutes }, { readPage }] =
      await Promise.all([
        import('./http/server.js'),
        import('./api/routes.js'),
        import('./page/page-routes.js'),
        import('./page/page-files.js'),
      ]);
    const { view, logins, tokens } = this.#worker;
    const known = { accounts: view.accounts, passwords: logins, tokens };
    const report = this.#worker.lines('error', 'broker');
    const pageSessions = new PageSessions((shown) => authenticate(shown, known));
    const pageSignIn = hasPage ? await this.#pageSignIn(pageSessions) : null;
    const broker = this.#broker(facts, http, await this.#openMoves(facts), { pageSessions, pageSignIn });
    const api = createServer((request) => {
      // What a caller has changed over another connection is seen by the next request.
      this.#worker.syncTopology();
      return pageSessions.callerOf(request);
    }, report);
    addRoutes(api, broker);
    if (hasPage) pageRoutes(api, await readPage(PAGE));
    else noPageRoute(api);
    if (pageSignIn !== null) callbackRoute(api, pageSignIn);
    const metrics = createServer(() => Promise.reject(notFound()), report);
    addMetricRoutes(metrics, broker);
    return { api: await listener(api), metrics: await listener(metrics) };
  }

  /** Null: nobody signs in at an issuer of tokens. */
  async #pageSignIn(sessions: PageSessions): Promise<PageSignIn | null> {
    const { oauth } = this.#worker;
    if (oauth === null || oauth.signIn === null) return null;
    const [{ CodeFlow }, { PageSignIn }] = await Promise.all([
      import('./signing-in/code-flow.js'),
      import('./signing-in/page-sign-in.js'),
    ]);
    const keys = keySource(oauth, this.#worker.lines('warning', 'login'));
    return new PageSignIn(new CodeFlow(oauth.signIn, keys), sessions);
  }

  #broker(
    facts: BrokerFacts,
    http: BoundHttp,
    moves: Moves,
    signingIn: Pick<ManagedBroker, 'pageSessions' | 'pageSignIn'>,
  ): ManagedBroker {
    const worker = this.#worker;
    const { view, clock, engine, alarms } = worker;
    return {
      facts,
      http,
      alarms,
      tls: () => worker.tls,
      limits: () => worker.limits,
      anonymous: () => worker.anonymous,
      view,
      clock,
      engine,
      spilled: (wish) => this.#asking.ask((id) => this.#tell({ kind: 'browse', id, wish })),
      moves,
      purgeFirst: (queue, count, signal) => purgeFirst(worker, queue, count, signal),
      statistics: this.#statistics,
      latencies: this.#latencies,
      history: this.#history,
      administration: this.#asking.administration((id, request) =>
        this.#tell({ kind: 'ask', id, request, user: callers.getStore() ?? null }),
      ),
      sessions: new Sessions(this.#worker),
      ...signingIn,
      issuerSignIn: signingIn.pageSignIn === null ? null : issuerSignIn(worker.oauth),
      takesTokens: worker.tokens !== null,
      clients: this.#clients,
      attempts: worker.logins.failed.attempts,
      spans: worker.spans?.counts ?? null,
      member: facts.isMember
        ? remoteMember((call) => this.#asking.ask((id) => this.#tell({ kind: 'member', id, call })))
        : null,
      logLevels: this.#logLevels,
      log: this.#log,
      streams: this.#streams,
      stop: () => this.#tell({ kind: 'stop' }),
    };
  }

  #tell(message: FromManagement): void {
    this.#port.postMessage(message);
  }
}

function issuerSignIn(oauth: OauthSetup | null): IssuerSignIn | null {
  const setup = oauth?.signIn ?? null;
  return oauth === null || setup === null ? null : { resource: oauth.rules.resourceServerId, setup };
}

async function listener({ app }: HttpServer): Promise<RequestListener> {
  await app.ready();
  return (request, response) => app.routing(request, response);
}
