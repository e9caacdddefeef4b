import { type ClientStanding, type ClientStandingsParts, createClientStandings } from './client-standings.ts';
import { type ClientContext, milliseconds, unreachable } from '../domain/index.ts';

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

export type ReadinessParts = ClientStandingsParts;

type Phase = 'starting' | 'doors open' | 'ready' | 'draining';

const FIRST_ATTEMPT_BUDGET = milliseconds(5_000);

/** @param parts `changed` is called each time an answer of `state()` may have changed. */
export function createReadinessWatch(parts: ReadinessParts): ReadinessWatch {
  const { observe, changed } = parts;
  const standings = createClientStandings({ ...parts, changed: settle });
  let phase: Phase = 'starting';
  let patience: NodeJS.Timeout | undefined;

  return {
    begin(clients) {
      phase = 'doors open';
      standings.follow(clients);
      patience = setTimeout(() => {
        standings.giveUpWaiting();
        settle();
      }, FIRST_ATTEMPT_BUDGET).unref();
      settle();
    },
    follow(clients) {
      standings.follow(clients);
      settle();
    },
    drain() {
      phase = 'draining';
      changed();
    },
    state: () => ({ ready: phase === 'ready', waitingFor: obstacles() }),
    clients: () => standings.byName,
    close() {
      phase = 'draining';
      clearTimeout(patience);
      standings.close();
    },
  };

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
      case 'doors open':
        return missing();
      case 'ready':
        return [];
      case 'draining':
        return ['nothing: the instance is draining'];
      default:
        return unreachable(phase);
    }
  }

  function missing(): readonly string[] {
    const { inForce, byName } = standings;
    const found = inForce.flatMap(({ name, required }) => {
      const standing = byName.get(name);
      if (standing === 'pending') return [`the first attempt of client "${name}"`];
      if (required && standing !== 'fine') return [`client "${name}", which is required`];
      return [];
    });
    const everyClientIsWrong =
      inForce.length > 0 && inForce.every(({ name }) => byName.get(name) === 'wrong');
    return everyClientIsWrong ? [...found, 'a client whose settings work'] : found;
  }
}
