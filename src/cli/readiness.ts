import {
  type ClientContext,
  type Fault,
  milliseconds,
  type Milliseconds,
  type Observe,
  type Randomness,
  type Result,
} from '../domain/index.ts';

/**
 * When the instance may take traffic (design, section 4).
 *
 * Ready: doors open, and for every client a first attempt has ended, within five seconds. An outage of an
 * authorization server leaves it ready; a wrong setting holds a starting instance back when it concerns every
 * client or one marked `required`, so that a bad roll-out stops by itself.
 * Never: unready again once it was ready, but for draining.
 */
export interface ReadinessWatch {
  /** The doors are open: first attempts begin. */
  begin(clients: readonly ClientContext[]): void;
  /** The settings changed: attempts for clients that are new or changed. Readiness itself stays as it is. */
  follow(clients: readonly ClientContext[]): void;
  drain(): void;
  state(): { readonly ready: boolean; readonly waitingFor: readonly string[] };
  /** What is known of each client, for the status page. */
  clients(): ReadonlyMap<string, ClientStanding>;
  close(): void;
}

/** `wrong`: a setting is at fault; `outage`: the server is away, or has not answered yet after five seconds. */
export type ClientStanding = 'pending' | 'fine' | 'outage' | 'wrong';

export interface ReadinessParts {
  /** One attempt: metadata, and one enquiry with a random token. */
  readonly warm: (client: ClientContext) => Promise<Result<null, Fault>>;
  readonly isWrongSetting: (fault: Fault) => boolean;
  readonly observe: Observe;
  readonly randomness: Pick<Randomness, 'fraction'>;
  /** Called each time an answer of `state()` may have changed. */
  readonly changed: () => void;
}

const FIRST_ATTEMPT_BUDGET = milliseconds(5_000);
const ATTEMPTS_BEFORE_REFUSED = 3;
const RETRY_BETWEEN_REFUSALS = milliseconds(250);
const RETRY_LATER = milliseconds(10_000);

export function createReadinessWatch(parts: ReadinessParts): ReadinessWatch {
  const { warm, isWrongSetting, observe, randomness, changed } = parts;
  const standings = new Map<string, ClientStanding>();
  const timers = new Set<NodeJS.Timeout>();
  let inForce: readonly ClientContext[] = [];
  let phase: 'starting' | 'doors open' | 'ready' | 'draining' = 'starting';

  return {
    begin(clients) {
      phase = 'doors open';
      follow(clients);
      later(FIRST_ATTEMPT_BUDGET, () => {
        for (const [name, standing] of standings) if (standing === 'pending') standings.set(name, 'outage');
        settle();
      });
    },
    follow,
    drain() {
      phase = 'draining';
      changed();
    },
    state() {
      const waitingFor = obstacles();
      return { ready: phase === 'ready', waitingFor };
    },
    clients: () => standings,
    close() {
      phase = 'draining';
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };

  function follow(clients: readonly ClientContext[]): void {
    const known = new Set(inForce);
    inForce = clients;
    const names = new Set(clients.map((client) => client.name));
    for (const name of standings.keys()) if (!names.has(name)) standings.delete(name);
    for (const client of clients.filter((candidate) => !known.has(candidate))) {
      standings.set(client.name, 'pending');
      void attempt(client, 1);
    }
    settle();
  }

  async function attempt(client: ClientContext, ordinal: number): Promise<void> {
    if (!inForce.includes(client)) return;
    const answer = await warm(client);
    if (phase === 'draining' || !inForce.includes(client)) return;
    if (answer.ok) return stand(client, 'fine', null);

    // One refusal may be a hiccup of the server; three for three random tokens are our credentials.
    const { failure } = answer;
    if (failure.reason === 'credentials_refused' && ordinal < ATTEMPTS_BEFORE_REFUSED) {
      later(RETRY_BETWEEN_REFUSALS, () => void attempt(client, ordinal + 1));
      return;
    }
    stand(client, isWrongSetting(failure) ? 'wrong' : 'outage', failure);
    const retry = milliseconds(RETRY_LATER * (0.75 + randomness.fraction() / 2));
    later(retry, () => void attempt(client, 1));
  }

  function stand(client: ClientContext, standing: ClientStanding, failure: Fault | null): void {
    const before = standings.get(client.name);
    standings.set(client.name, standing);
    if (standing === 'wrong' && before !== 'wrong') {
      const detail = `client "${client.name}" cannot introspect: ${failure?.detail ?? failure?.reason ?? 'unknown'}`;
      observe({ event: 'lifecycle', phase: 'warning', detail });
    }
    settle();
  }

  function settle(): void {
    if (phase === 'doors open' && obstacles().length === 0) {
      phase = 'ready';
      observe({ event: 'lifecycle', phase: 'ready', detail: 'every client had its first attempt' });
    }
    changed();
  }

  function obstacles(): readonly string[] {
    switch (phase) {
      case 'starting':
        return ['the doors'];
      case 'ready':
        return [];
      case 'draining':
        return ['nothing: the instance is draining'];
      case 'doors open': {
        const found = inForce.flatMap(({ name, required }) => {
          const standing = standings.get(name);
          if (standing === 'pending') return [`the first attempt of client "${name}"`];
          if (required && standing !== 'fine') return [`client "${name}", which is required`];
          return [];
        });
        const everyClientIsWrong = standings.size > 0 && [...standings.values()].every((s) => s === 'wrong');
        return everyClientIsWrong ? [...found, 'a client whose settings work'] : found;
      }
    }
  }

  function later(delay: Milliseconds, task: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      task();
    }, delay);
    timer.unref();
    timers.add(timer);
  }
}
