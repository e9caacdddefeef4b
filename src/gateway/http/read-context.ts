import type { IncomingMessage } from 'node:http';

import {
  fail,
  type Milliseconds,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
  type Refusal,
  type RequestContext,
  type Result,
  succeed,
  type WaitSettings,
} from '../../domain/index.ts';
import type { Profile } from './profile.ts';
import { denied } from './refusals.ts';
import { collectFields, type Fields, onlyValue, visibleHeaders } from './request-headers.ts';
import type { IsTrustedPeer } from './trusted-peer.ts';

export interface ReadContextParts {
  readonly profile: Profile;
  readonly isTrustedPeer: IsTrustedPeer;
  readonly wait: () => WaitSettings;
}

export interface ReadContextSettings {
  /** The longest a check may wait at this door. */
  readonly timeout: Milliseconds;
  /** Lower case; never shown to rules. */
  readonly secretHeaderName: string | null;
}

export type ReadContext = (
  request: IncomingMessage,
  arrivedAt: MonotonicMilliseconds,
) => Result<RequestContext, Refusal>;

/**
 * Makes our words of a sub-request.
 *
 * In: a request of node:http. Out: the request the client made, or why it cannot be known.
 * Never: a word of it believed before its sender is trusted (NGX-5, T-9).
 */
export function createReadContext(parts: ReadContextParts, settings: ReadContextSettings): ReadContext {
  const { profile, isTrustedPeer, wait } = parts;
  const { timeout, secretHeaderName } = settings;
  const hidden = new Set(profile.hidden);
  if (secretHeaderName !== null) hidden.add(secretHeaderName);

  return function readContext(request, arrivedAt) {
    const fields = collectFields(request.rawHeaders);
    if (!isTrustedPeer(request.socket, fields))
      return fail(denied('peer_untrusted', 'not in `trustedPeers`, or without the secret header'));

    const { method = '', url: target = '' } = request;
    const original = profile.decode({ method, target, fields });
    if (!original.ok) return original;
    return succeed({
      door: profile.door,
      requestId: requestIdOf(fields),
      ...original.value,
      headers: visibleHeaders(fields, hidden),
      contextExtensions: NO_EXTENSIONS,
      waitUntil: monotonicMilliseconds(arrivedAt + longestWait(fields)),
    });
  };

  function longestWait(fields: Fields): number {
    const { max, margin } = wait();
    return Math.min(timeout, max, profile.longestWait(fields, margin) ?? Infinity);
  }
}

const NO_EXTENSIONS: ReadonlyMap<string, string> = new Map();

function requestIdOf(fields: Fields): string | null {
  const id = onlyValue(fields, 'x-request-id');
  return id !== null && /^[\x20-\x7e]{1,128}$/.test(id) ? id : null;
}
