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
import { createSubrequestContext } from './subrequest-context.ts';
import type { IsTrustedPeer } from './trusted-peer.ts';

export interface ReadContextParts {
  readonly profile: Profile;
  readonly isTrustedPeer: IsTrustedPeer;
  readonly wait: () => WaitSettings;
  readonly trustedHops: () => number;
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
  const { profile, isTrustedPeer, wait, trustedHops } = parts;
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
    const context = createSubrequestContext({
      door: profile.door,
      requestId: requestIdOf(fields),
      original: original.value,
      fields,
      headers: visibleHeaders(fields, hidden),
      waitUntil: monotonicMilliseconds(arrivedAt + longestWait(fields)),
      trustedHops: profile.tellsClientAddress ? trustedHops() : null,
    });
    return succeed(context);
  };

  function longestWait(fields: Fields): number {
    const { max, margin } = wait();
    return Math.min(timeout, max, profile.longestWait(fields, margin) ?? Infinity);
  }
}

function requestIdOf(fields: Fields): string | null {
  const id = onlyValue(fields, 'x-request-id');
  return id !== null && /^[\x20-\x7e]{1,128}$/.test(id) ? id : null;
}
