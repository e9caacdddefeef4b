import { URL } from 'node:url';
import { fail, type Result, succeed } from '../domain/index.ts';

/** Which issuers a record may name. */
export interface IssuerPattern {
  /** Canonical; of a family the part behind `*`, its dot included. */
  readonly host: string;
  readonly isFamily: boolean;
  readonly port: string;
  /** Without a slash at its end; empty for any path. */
  readonly path: string;
}

/** `https://idp.example.com`, `https://*.idp.example.com`, `https://idp.example.com/tenants`. */
export function parseIssuerPattern(text: string): Result<IssuerPattern, string> {
  const [, star = '', rest = ''] = /^https:\/\/(\*\.)?([\x21-\x7e]+)$/.exec(text) ?? [];
  if (rest === '' || /[*?#@\\%]/.test(rest) || !URL.canParse(`https://${rest}`))
    return fail('is not a pattern of issuers; write https://idp.example.com or https://*.idp.example.com');
  const { hostname, port, pathname } = new URL(`https://${rest}`);
  const isFamily = star !== '';
  if (isFamily && (!hostname.includes('.') || /^[\d.]+$|^\[/.test(hostname)))
    return fail('is too wide; name the domain below which issuers may be, as in https://*.idp.example.com');
  return succeed({
    host: isFamily ? `.${hostname}` : hostname,
    isFamily,
    port,
    path: pathname.replace(/\/+$/, ''),
  });
}

/** Whether an issuer is one of those. Dots and escapes in its path fit no pattern that has one. */
export function fitsIssuer(patterns: readonly IssuerPattern[], issuer: string): boolean {
  return patterns.some((pattern) => fitsOrigin([pattern], issuer) && fitsPath(pattern, issuer));
}

/** Whether an endpoint is on a host where issuers may be. */
export function fitsOrigin(patterns: readonly IssuerPattern[], text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, port } = new URL(text);
  return patterns.some(
    (pattern) =>
      protocol === 'https:' &&
      port === pattern.port &&
      (pattern.isFamily ? hostname.endsWith(pattern.host) : hostname === pattern.host),
  );
}

function fitsPath({ path }: IssuerPattern, issuer: string): boolean {
  if (path === '') return true;
  const own = new URL(issuer).pathname;
  // An issuer is compared byte for byte elsewhere, so only one that needs no mending may be compared here.
  return issuer.endsWith(own) && !/%|\/\//.test(own) && (own === path || own.startsWith(`${path}/`));
}
