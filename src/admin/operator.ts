/**
 * Who is at the door?
 *
 * In: a request. Out: whose it is, for the audit line; or why it is nobody's.
 * Never: an operator without proof; a comparison whose time tells how much of a secret was right.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

import { fail, type OperatorRefusal, type Result, type Secret, succeed } from '../domain/index.ts';

export interface OperatorProof {
  /** Must come as a bearer token; `null`: none is asked for. */
  readonly bearer: () => Secret | null;
  /** Whether the door has let nobody in without a certificate of its authority. */
  readonly isCertified: boolean;
}

export type Identify = (
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
) => Result<string, OperatorRefusal>;

export function createIdentify({ bearer, isCertified }: OperatorProof): Identify {
  return function identify({ headers, socket }) {
    const secret = bearer();
    if (secret === null) return isCertified ? succeed(nameOf(socket)) : fail('not_configured');

    const shown = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (shown === undefined) return fail('credentials_missing');
    if (!timingSafeEqual(digestOf(shown), digestOf(secret.reveal()))) return fail('credentials_wrong');
    return succeed(isCertified ? nameOf(socket) : 'bearer');
  };
}

/** Digests are of one length, whatever was shown. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text, 'latin1').digest();
}

/** The alternative names of the caller's certificate, as node:tls writes them; `undefined`: there are none, or no certificate. */
export function namesOf(socket: IncomingMessage['socket']): string | undefined {
  return certificateOf(socket)?.subjectAltName;
}

function certificateOf(socket: IncomingMessage['socket']) {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
}

/** The first name in the certificate: a URI or DNS name, else its common name. */
function nameOf(socket: IncomingMessage['socket']): string {
  const certificate = certificateOf(socket);
  const [alternative] = (certificate?.subjectAltName ?? '').split(', ');
  const common = /^CN=(.+)$/m.exec(certificate?.subject ?? '')?.[1];
  return `certificate ${alternative || (common ?? 'without a name')}`;
}
