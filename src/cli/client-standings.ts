import {
  type ClientContext,
  type Fault,
  milliseconds,
  type Milliseconds,
  type Observe,
  type Randomness,
  type Result,
} from '../domain/index.ts';

/** `wrong`: a setting is at fault; `outage`: the server is away, or has not answered in time. */
export type ClientStanding = 'pending' | 'fine' | 'outage' | 'wrong';

/** Tries each client until it works once, and keeps what came of it. */
export interface ClientStandings {
  /** These clients are in force now: attempts for those that are new or changed. */
  follow(clients: readonly ClientContext[]): void;
  /** Attempts that have not ended count as an outage from now on. */
  giveUpWaiting(): void;
  readonly inForce: readonly ClientContext[];
  readonly byName: ReadonlyMap<string, ClientStanding>;
  close(): void;
}

export interface ClientStandingsParts {
  /** One attempt: metadata, and one enquiry with a random token. */
  readonly warm: (client: ClientContext) => Promise<Result<null, Fault>>;
  readonly isWrongSetting: (fault: Fault) => boolean;
  readonly observe: Observe;
  readonly randomness: Pick<Randomness, 'fraction'>;
  readonly changed: () => void;
}

const ATTEMPTS_BEFORE_REFUSED = 3;
const RETRY_BETWEEN_REFUSALS = milliseconds(250);
const RETRY_LATER = milliseconds(10_000);

export function createClientStandings(parts: ClientStandingsParts): ClientStandings {
  const { warm, isWrongSetting, observe, randomness, changed } = parts;
  const byName = new Map<string, ClientStanding>();
  const timers = new Set<NodeJS.Timeout>();
  let inForce: readonly ClientContext[] = [];

  return {
    follow,
    giveUpWaiting() {
      for (const [name, standing] of byName) if (standing === 'pending') byName.set(name, 'outage');
    },
    get inForce() {
      return inForce;
    },
    byName,
    close() {
      inForce = [];
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };

  function follow(clients: readonly ClientContext[]): void {
    const known = new Set(inForce);
    inForce = clients;
    const names = new Set(clients.map((client) => client.name));
    for (const name of byName.keys()) if (!names.has(name)) byName.delete(name);
    for (const client of clients.filter((candidate) => !known.has(candidate))) {
      byName.set(client.name, 'pending');
      void attempt(client, 1);
    }
  }

  async function attempt(client: ClientContext, ordinal: number): Promise<void> {
    if (!inForce.includes(client)) return;
    const answer = await warm(client);
    if (!inForce.includes(client)) return;
    if (answer.ok) {
      stand(client, 'fine', null);
      return;
    }

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
    const before = byName.get(client.name);
    byName.set(client.name, standing);
    if (standing === 'wrong' && before !== 'wrong') {
      const detail = `client "${client.name}" cannot introspect: ${failure?.detail ?? failure?.reason ?? 'unknown'}`;
      observe({ event: 'lifecycle', phase: 'warning', detail });
    }
    changed();
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
