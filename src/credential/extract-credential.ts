import {
  type Credential,
  type CredentialSettings,
  type CredentialSource,
  type RequestContext,
  unreachable,
} from '../domain/index.ts';
import { extractBearer } from './extract-bearer.ts';
import { fromCookie } from './from-cookie.ts';
import { fromHeader } from './from-header.ts';
import { fromQuery } from './from-query.ts';
import { fromWebsocketProtocol } from './from-websocket-protocol.ts';
import { isOwnPage } from './own-page.ts';

const NONE: Credential = Object.freeze({ kind: 'none' });
const AMBIGUOUS: Credential = Object.freeze({ kind: 'refused', reason: 'credential_ambiguous' });
const FOREIGN: Credential = Object.freeze({ kind: 'refused', reason: 'origin_refused' });

/**
 * Finds the one token that a request brings, in the places where its rule looks for one.
 *
 * In: a request and the rule's places; `null`: the `Authorization` header. Out: as `extractBearer`.
 * Never: a choice between two credentials (R3, BEAR-4); a token of a place that the rule does not name (R23, R24); a
 * cookie's token where a page of strangers may have sent the request (BEAR-17).
 */
export function extractCredential(settings: CredentialSettings | null, context: RequestContext): Credential {
  if (settings === null) return extractBearer(context.headers);
  let only: Credential = NONE;
  for (const source of settings.from) {
    const found = extractFrom(source, settings, context);
    if (found.kind === 'none') continue;
    if (only.kind !== 'none') return AMBIGUOUS;
    only = found;
  }
  return only;
}

function extractFrom(
  source: CredentialSource,
  { origins }: CredentialSettings,
  context: RequestContext,
): Credential {
  switch (source.kind) {
    case 'authorization':
      return extractBearer(context.headers);
    case 'header':
      return fromHeader(source.name, context.headers);
    case 'cookie': {
      const found = fromCookie(source.name, context.headers);
      return found.kind === 'token' && !isOwnPage(context, origins) ? FOREIGN : found;
    }
    case 'websocketProtocol':
      return fromWebsocketProtocol(source.prefix, context.headers);
    case 'query':
      return fromQuery(source.name, context.path);
    default:
      return unreachable(source);
  }
}
