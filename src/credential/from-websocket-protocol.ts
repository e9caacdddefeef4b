import type { Credential, RequestHeaders } from '../domain/index.ts';
import { withoutBlanks } from './blanks.ts';
import { tokenOf } from './token-of.ts';

const NAME = 'sec-websocket-protocol';

/** The token behind a prefix in one of the protocols that a browser offers, for it can set no other header there. */
export function fromWebsocketProtocol(prefix: string, headers: RequestHeaders): Credential {
  const protocols = headers
    .values(NAME)
    .flatMap((line) => line.split(','))
    .map(withoutBlanks)
    .filter((protocol) => protocol !== '');
  const own = protocols.filter((protocol) => protocol.startsWith(prefix));
  const [protocol] = own;
  if (protocol === undefined) return { kind: 'none' };
  if (own.length > 1) return { kind: 'refused', reason: 'credential_ambiguous' };

  const others = protocols.filter((other) => other !== protocol).join(', ');
  return tokenOf(protocol.slice(prefix.length), {
    set: others === '' ? [] : [{ name: NAME, value: others }],
    remove: others === '' ? [NAME] : [],
    removeQuery: [],
  });
}
