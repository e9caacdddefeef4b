import {
  type ClientAuthentication,
  type ClientContext,
  milliseconds,
  type MonotonicMilliseconds,
  monotonicMilliseconds,
  type PreviousAuthentication,
} from '../domain/index.ts';
import { isSame } from './same-client.ts';

/**
 * What takes the place of a client when its settings were read again.
 *
 * In: the one in force, and what was read. Out: the one in force when nothing changed; else the new one, which keeps what
 * proved until now who we are for the time of `secretGrace`, since a server and a file never change at one moment.
 * Never: the proof of another client id or for another server.
 */
export function successorOf(
  known: ClientContext,
  next: ClientContext,
  now: MonotonicMilliseconds,
): ClientContext {
  const isNamedAlike = isSame(namedBy(known), namedBy(next));
  if (isNamedAlike && isSame({ ...known, previous: undefined }, { ...next, previous: undefined }))
    return known;
  if (namedBy(next) !== null || !isSameIdentity(known, next)) return next;
  const previous = previousOf(known, next, { kept: keptBy(known), now });
  return previous === null ? next : Object.freeze({ ...next, previous });
}

function previousOf(
  known: ClientContext,
  next: ClientContext,
  { kept, now }: { readonly kept: Kept | null; readonly now: MonotonicMilliseconds },
): PreviousAuthentication | null {
  const alive = kept !== null && now < kept.until ? kept : null;
  if (isSame(known.authentication, next.authentication)) return alive;
  if (next.secretGrace === 0 || known.authentication.method !== next.authentication.method) return null;
  // A file that was caught while it was written held no secret that a server knows.
  const wasInForceFor = alive === null ? Infinity : now - (alive.until - known.secretGrace);
  const { authentication } = alive !== null && wasInForceFor < BLINK ? alive : known;
  const until = monotonicMilliseconds(now + next.secretGrace);
  return isSame(authentication, next.authentication) ? null : Object.freeze({ authentication, until });
}

interface Kept {
  readonly authentication: ClientAuthentication;
  readonly until: MonotonicMilliseconds;
}

/** What the settings name. */
function namedBy({ previous = null }: ClientContext): ClientAuthentication | null {
  return previous !== null && previous.until === null ? previous.authentication : null;
}

/** What an earlier succession left; not what the settings name. */
function keptBy({ previous = null }: ClientContext): Kept | null {
  if (previous === null || previous.until === null) return null;
  return { authentication: previous.authentication, until: previous.until };
}

function isSameIdentity(one: ClientContext, other: ClientContext): boolean {
  return (
    one.clientId === other.clientId &&
    one.issuer === other.issuer &&
    one.introspection.endpoint === other.introspection.endpoint
  );
}

const BLINK = milliseconds(5_000);
