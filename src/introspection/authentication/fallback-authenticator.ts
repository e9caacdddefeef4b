import {
  type Clock,
  type Fault,
  followedBy,
  milliseconds,
  type MonotonicMilliseconds,
  type RequestContext,
  type Result,
  type Soon,
  succeed,
} from '../../domain/index.ts';
import type { Authenticator, Credentials } from './credentials.ts';
import type { RotationState, Which } from './rotation.ts';

export interface FallbackParts {
  readonly current: Authenticator;
  readonly previous: Authenticator;
  /** `null`: the previous one is good as long as we are. */
  readonly until: MonotonicMilliseconds | null;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Told that the other one is used from now on. */
  readonly onSwitch: (now: Which) => void;
}

/**
 * Says who we are while a secret or a key is rotated, in whichever order the server and we hear of it: what the server
 * refuses is tried once more with the other one, and what it takes stays in use.
 *
 * Never: both in one request; the previous one after its time.
 */
export function createFallbackAuthenticator(parts: FallbackParts): Authenticator {
  const { current, previous, until, clock, onSwitch } = parts;
  let inUse: Which = 'current';

  return {
    choice: current.choice,
    callToken: current.callToken,
    rotation: {
      get state(): RotationState | null {
        if (isOver()) return null;
        return { inUse, endsIn: until === null ? null : milliseconds(until - clock.monotonic()) };
      },
    },
    credentials(signal, request) {
      const used = which();
      return followedBy(made(used, signal, request), (first) => {
        if (first.ok) return succeed(renewable(used, first.value));
        // A new secret may be refused where a token of our own is fetched with it.
        const isRefused = first.failure.reason === 'credentials_refused';
        return isRefused && refuse(used) ? made(which(), signal, request) : first;
      });
    },
  };

  function made(
    used: Which,
    signal: AbortSignal,
    request: RequestContext | null,
  ): Soon<Result<Credentials, Fault>> {
    return (used === 'current' ? current : previous).credentials(signal, request);
  }

  function renewable(used: Which, credentials: Credentials): Credentials {
    return { ...credentials, renew: () => credentials.renew?.() === true || refuse(used) };
  }

  /** Several enquiries may be refused at once: the first of them switches, and all try the other one. */
  function refuse(used: Which): boolean {
    if (isOver()) return used === 'previous';
    if (inUse !== used) return true;
    inUse = used === 'current' ? 'previous' : 'current';
    onSwitch(inUse);
    return true;
  }

  function which(): Which {
    return isOver() ? 'current' : inUse;
  }

  function isOver(): boolean {
    return until !== null && clock.monotonic() >= until;
  }
}
