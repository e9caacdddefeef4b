import {
  type ClientAuthentication,
  type ClientContext,
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
  const previous = previousOf(known, next, now);
  return previous === null ? next : Object.freeze({ ...next, previous });
}

function previousOf(
  known: ClientContext,
  next: ClientContext,
  now: MonotonicMilliseconds,
): PreviousAuthentication | null {
  const { authentication } = known;
  if (isSame(authentication, next.authentication)) return keptBy(known, now);
  if (next.secretGrace === 0 || authentication.method !== next.authentication.method) return null;
  return Object.freeze({ authentication, until: monotonicMilliseconds(now + next.secretGrace) });
}

/** What the settings name. */
function namedBy({ previous = null }: ClientContext): ClientAuthentication | null {
  return previous !== null && previous.until === null ? previous.authentication : null;
}

/** What an earlier succession left, while it is good; not what the settings name. */
function keptBy(
  { previous = null }: ClientContext,
  now: MonotonicMilliseconds,
): PreviousAuthentication | null {
  return previous !== null && previous.until !== null && now < previous.until ? previous : null;
}

function isSameIdentity(one: ClientContext, other: ClientContext): boolean {
  return (
    one.clientId === other.clientId &&
    one.issuer === other.issuer &&
    one.introspection.endpoint === other.introspection.endpoint
  );
}
