/**
 * Names that the enquiry itself puts on the wire, or that say who we are: settings may not use them for more, since a
 * second one could change whom or what we ask for (INT-1, INT-6).
 */

/**
 * Form parameters: RFC 7662 section 2.1, RFC 6749 section 2.3.1, RFC 7521 section 4.2; and `access_token`, which would be
 * a second way to show a bearer token (RFC 6750 section 2.2).
 */
export const ENQUIRY_PARAMETERS: ReadonlySet<string> = new Set([
  'token',
  'token_type_hint',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'access_token',
]);

/** Form parameters of the request for an access token of our own (RFC 6749 section 4.4.2). */
export const GRANT_PARAMETERS: ReadonlySet<string> = new Set([
  'grant_type',
  'scope',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]);

/**
 * Whether a header is ours to send or to leave out: of the message, of credentials, or about the answer we read. Names
 * are compared with every separator as a dash, since servers read them so. `user-agent` may be another.
 */
export function isEnquiryHeader(name: string): boolean {
  return ENQUIRY_HEADERS.has(name.toLowerCase().replace(/[_.]/g, '-'));
}

const ENQUIRY_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
