import { TLSSocket } from 'node:tls';
import type { DoorTls } from '../domain/index.ts';

/**
 * Whether the caller at the other end may speak at all: one of its certificate's names is among `allowedPeers`.
 * The certificate itself has been verified against `clientCa` by then.
 *
 * @param names see `certifiedNames`.
 */
export type IsAllowedPeer = (names: string | undefined) => boolean;

/** `subjectaltname` of the caller's certificate in the form of node:tls; `undefined`: it has none. */
export function certifiedNames(socket: object | undefined): string | undefined {
  return socket instanceof TLSSocket ? socket.getPeerCertificate().subjectaltname : undefined;
}

/** `null`: whoever has a certificate of `clientCa` is allowed, or none is asked for. */
export function createIsAllowedPeer(tls: Pick<DoorTls, 'allowedPeers'> | null): IsAllowedPeer | null {
  if (tls?.allowedPeers === undefined) return null;
  // A URI never equals a DNS name, for only one of them has a colon.
  const allowed = new Set(tls.allowedPeers.map((name) => `${name.includes(':') ? 'URI' : 'DNS'}:${name}`));
  return (names = '') => alternativesOf(names).some((alternative) => allowed.has(alternative));
}

/**
 * The names of a certificate, each with its kind: `URI:spiffe://…`, `DNS:envoy.example`.
 *
 * node:tls writes them in one line with `, ` between, and in quotes and JSON escapes a value that holds a comma, a quote or
 * anything else that could pass for another name (CVE-2021-44532). Compared as bytes: nothing is folded or expanded.
 * Never: a name out of a line that is not in this form.
 */
function alternativesOf(line: string): readonly string[] {
  const found: string[] = [];
  let rest = line;
  while (rest !== '') {
    const [whole, kind = '', quoted, plain] =
      /^([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^,"]*))(?:, |$)/.exec(rest) ?? [];
    if (whole === undefined) return [];
    const value = quoted === undefined ? plain : unquoted(quoted);
    if (value === null || value === undefined) return [];
    found.push(`${kind}:${value}`);
    rest = rest.slice(whole.length);
  }
  return found;
}

function unquoted(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
