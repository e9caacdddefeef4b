/**
 * Headers that no setting may set, remove or borrow. Names are compared with every separator as a dash, since
 * upstreams read them so (gateway-contracts).
 */

/** They say where a message ends, whom it is for and how it travels (RFC 9110 sections 7.6 and 7.2, RFC 9112 section 6). */
const OF_THE_MESSAGE = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** They carry credentials; `upstream.authorization` is the setting for the one that is ours. */
const OF_CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Fronts write them and upstreams believe them: a claim does not belong there. */
const OF_FRONTS = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-method',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-uri',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-real-ip',
]);

/** The answers of the HTTP doors have them already: a value for the upstream beside ours would make every allow a fault. */
function isOfAnswers(dashed: string): boolean {
  return dashed === 'cache-control' || dashed.startsWith('x-authz-');
}

/** Of the message or of credentials. */
export function isReserved(name: string): boolean {
  const dashed = dashedName(name);
  return OF_THE_MESSAGE.has(dashed) || OF_CREDENTIALS.has(dashed);
}

/** Whether a route may set the header from the answer; it is then removed wherever there is no value. */
export function isManageable(name: string): boolean {
  const dashed = dashedName(name);
  return (
    !isReserved(name) && !OF_FRONTS.has(dashed) && !dashed.startsWith('x-envoy-') && !isOfAnswers(dashed)
  );
}

/** One reserved name that a pattern of `scrub` covers; `null` when there is none. */
export function reservedNameIn(pattern: string): string | null {
  const dashed = dashedName(pattern.replace(/\*$/, ''));
  if (dashed === '') return null;
  const covered = [...OF_THE_MESSAGE, ...OF_CREDENTIALS].find((name) =>
    pattern.endsWith('*') ? name.startsWith(dashed) : name === dashed,
  );
  return covered ?? null;
}

/** The spelling that all look-alikes of a header name share. */
export function dashedName(name: string): string {
  return name.toLowerCase().replace(/[_.]/g, '-');
}
