/**
 * The one registry of reason codes. A code is the same word in the log, the metric, the dynamic metadata and
 * the documentation; what a client sees is made of the columns here and of nothing else (`answer.ts`).
 * `docs/reference/reasons.md` is generated from it.
 */

/** HTTP statuses a check may be answered with (design, section 6). */
export type AnswerStatus = 200 | 400 | 401 | 403 | 404 | 413 | 429 | 431 | 503;

/** `error` of an RFC 6750 or RFC 9470 challenge; `none`: a challenge without one; `null`: no challenge. */
export type ChallengeError =
  | 'none'
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | null;

export type BodyKey = 'required' | 'malformed' | 'inactive' | 'insufficient' | 'unavailable';

interface DenyRow {
  readonly status: Exclude<AnswerStatus, 200 | 503>;
  readonly challenge: ChallengeError;
  readonly body: BodyKey;
  /** `credential`: the token or the way it was sent is wrong; `request`: something else about the request. NGINX folding depends on it. */
  readonly at: 'credential' | 'request';
  readonly meaning: string;
}

interface FaultRow {
  /** Where the fault lies: with us, or with the authorization server. Also a metric label. */
  readonly side: 'local' | 'remote';
  readonly meaning: string;
  /** What an operator does about it. */
  readonly remedy: string;
}

export const ALLOW_REASONS = {
  token_accepted: { meaning: 'The token is active and satisfies the rule.' },
  allowed_stale: {
    meaning:
      'As `token_accepted`, by an answer whose time was over, since the authorization server is out (`stale`).',
  },
  anonymous: { meaning: 'The rule is `optional` and no credential was sent.' },
  public_route: { meaning: 'The rule is `public`; no token was looked at.' },
} as const satisfies Record<string, { readonly meaning: string }>;

export const DENY_REASONS = {
  // The request itself.
  request_malformed: deny(400, null, 'malformed', 'request', 'The gateway sent a check that cannot be read.'),
  method_denied: deny(403, null, 'insufficient', 'request', 'CONNECT and TRACE are never let through.'),
  host_malformed: deny(400, null, 'malformed', 'request', 'The host is empty or not a host name.'),
  path_malformed: deny(
    400,
    null,
    'malformed',
    'request',
    'The path is not in a form that all servers read alike (R21).',
  ),
  path_ambiguous: deny(
    400,
    null,
    'malformed',
    'request',
    'The path holds an encoded slash, a semicolon or a backslash, and the rule does not allow it or another rule would match the decoded path.',
  ),
  headers_too_large: deny(431, null, 'malformed', 'request', 'The header section is over 96 KiB (R19).'),
  message_too_large: deny(413, null, 'malformed', 'request', 'The check message is over 8 MiB.'),
  // The caller of the door.
  peer_untrusted: deny(
    403,
    null,
    'insufficient',
    'request',
    'The caller of the door is not in `trustedPeers`, lacks the secret header, or has a certificate that `allowedPeers` does not name.',
  ),
  original_request_unknown: deny(
    403,
    null,
    'insufficient',
    'request',
    'A header that carries the original method, URI or host is missing or repeated.',
  ),
  header_unremovable: deny(
    403,
    null,
    'insufficient',
    'request',
    'The request carries a look-alike of a managed header, or a scrubbed one, and this front cannot remove it.',
  ),
  // The rule.
  no_route: deny(403, null, 'insufficient', 'request', 'No rule matches the request.'),
  route_guarded: deny(
    403,
    null,
    'insufficient',
    'request',
    'A rule covers this path, but not with this method, header or context.',
  ),
  route_denied: deny(403, null, 'insufficient', 'request', 'The rule is `deny`.'),
  no_client: deny(403, null, 'insufficient', 'request', 'No client goes with the request.'),
  client_unknown: deny(
    404,
    null,
    'insufficient',
    'request',
    'No client goes with the request, and `unknownClient` is 404.',
  ),
  // The credential.
  credential_missing: deny(401, 'none', 'required', 'credential', 'No credential was sent (R1).'),
  scheme_unsupported: deny(
    401,
    'none',
    'required',
    'credential',
    'The credential is of a scheme that is not offered (R2).',
  ),
  credential_ambiguous: deny(
    400,
    'invalid_request',
    'malformed',
    'credential',
    'More than one credential was sent (R3).',
  ),
  credential_empty: deny(
    400,
    'invalid_request',
    'malformed',
    'credential',
    'A scheme without a credential was sent (R4).',
  ),
  credential_malformed: deny(
    400,
    'invalid_request',
    'malformed',
    'credential',
    'The value is not a scheme, spaces and one word (R5b).',
  ),
  credential_too_long: deny(
    400,
    'invalid_request',
    'malformed',
    'credential',
    'The credential is over 8 KiB (R19).',
  ),
  origin_refused: deny(
    403,
    null,
    'insufficient',
    'request',
    'The token is in a cookie, the request may change something, and its `Origin` is none that may send it.',
  ),
  token_malformed: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    'The token holds characters outside b64token (R5a).',
  ),
  token_of_no_client: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    'The token has not what those of the client have (`token`), or nothing tells to which of several clients it belongs: nobody was asked.',
  ),
  enquiries_limited: deny(
    429,
    null,
    'unavailable',
    'credential',
    'Nobody knows the token, and too many others of late were inactive: nobody was asked (`limits.inactive.beyond: 429`).',
  ),
  // The token.
  token_inactive: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    'The authorization server says that the token is not active (R6).',
  ),
  token_expired: deny(401, 'invalid_token', 'inactive', 'credential', '`exp` has passed (R7).'),
  token_not_yet_valid: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    '`nbf` or `iat` lies in the future (R7).',
  ),
  token_issuer_unexpected: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    '`iss` is not the issuer that was asked, nor one the rule accepts (R7).',
  ),
  token_type_unsupported: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    '`token_type` is neither absent nor Bearer (R7, R13).',
  ),
  not_an_access_token: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    'The token is a refresh or ID token (INT-20).',
  ),
  token_bound: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    'The token is bound to a key or certificate that nobody here can verify (R12, R13).',
  ),
  token_client_unexpected: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    '`clientSelfOnly` is on and the token was issued to another client (G2).',
  ),
  token_audience_unexpected: deny(
    401,
    'invalid_token',
    'inactive',
    'credential',
    'No audience of the token is one the rule accepts (R8).',
  ),
  authentication_insufficient: deny(
    401,
    'insufficient_user_authentication',
    'insufficient',
    'credential',
    'The user was authenticated too long ago, or not in a way that the rule accepts (R11).',
  ),
  client_refused: deny(
    403,
    null,
    'insufficient',
    'credential',
    'The rule does not let the client of the token in (R21).',
  ),
  subject_refused: deny(
    403,
    null,
    'insufficient',
    'credential',
    'The rule does not let the subject of the token in (R21).',
  ),
  token_refused: deny(
    403,
    null,
    'insufficient',
    'credential',
    'The token has what a `deny` of the rule names (R21).',
  ),
  claim_refused: deny(
    403,
    null,
    'insufficient',
    'credential',
    'A claim of the token is not what the rule demands (R21).',
  ),
  scope_insufficient: deny(
    403,
    'insufficient_scope',
    'insufficient',
    'credential',
    'The token lacks a scope that the rule needs (R9).',
  ),
  authorization_details_insufficient: deny(
    403,
    'insufficient_scope',
    'insufficient',
    'credential',
    'No object of `authorization_details` grants what the rule needs (R10).',
  ),
  expression_unmet: deny(
    403,
    null,
    'insufficient',
    'credential',
    'The expression of the rule is not true for this token and request (R21).',
  ),
  expression_failed: deny(
    403,
    null,
    'insufficient',
    'credential',
    'The expression of the rule could not be evaluated, as with a claim that is not there: see the detail in the log.',
  ),
} as const satisfies Record<string, DenyRow>;

export const FAULT_REASONS = {
  internal: fault(
    'local',
    'Something that must not happen did.',
    'Look for the `crashed` log line and report it.',
  ),
  draining: fault(
    'local',
    'The instance is stopping.',
    'Nothing, unless the gateway still sends checks long after the drain began.',
  ),
  wait_exceeded: fault(
    'local',
    'No answer in the time the caller gave us; the enquiry goes on.',
    "Compare the gateway's timeout and `wait.max` with the latency of the authorization server.",
  ),
  enquiries_exhausted: fault(
    'local',
    'Too many enquiries to this authorization server are under way and waiting.',
    'Raise `limits`, or find out why it answers slowly.',
  ),
  enquiry_budget_spent: fault(
    'local',
    'Nobody knows the token, and too many others of late were inactive: nobody was asked.',
    'Look for a flood of invented tokens; say in `token` what real ones look like, or raise `limits.inactive`.',
  ),
  answer_unsendable: fault(
    'local',
    'The headers for the upstream cannot be carried in an answer to this HTTP front: over 24 KiB, too many, or of a name that belongs to the connection.',
    'Set fewer or shorter `upstream.headers` on this route, and none that HTTP itself uses.',
  ),
  client_secret_unavailable: fault(
    'local',
    'The code that hands over the client secret failed, or took longer than the enquiry may.',
    'Look at that code: it runs in this process, and its own words are not repeated here.',
  ),
  client_store_failed: fault(
    'local',
    'The client store could not say which client goes with the request.',
    'See the detail in the log.',
  ),
  metadata_unavailable: fault(
    'remote',
    'The metadata of the issuer cannot be read.',
    'Check that the issuer is reachable from here; a 404 means that `issuer` or `metadataUrl` is wrong.',
  ),
  metadata_invalid: fault(
    'remote',
    'The metadata of the issuer was refused: another issuer, a foreign endpoint, or not a metadata document.',
    'Compare `issuer` with the document byte for byte; see the detail in the log.',
  ),
  introspection_unreachable: fault(
    'remote',
    'No connection to the introspection endpoint, or it was lost.',
    'Check name resolution, network, TLS certificate and `tls.ca`.',
  ),
  introspection_timeout: fault(
    'remote',
    'The introspection endpoint took longer than `introspection.timeout`.',
    'Look at the authorization server.',
  ),
  introspection_suspended: fault(
    'remote',
    'The introspection endpoint is not asked for a moment: it failed for most of the latest tokens, or it told us to wait.',
    'Look at the authorization server; a few tokens are let through every few seconds to find out when it is back.',
  ),
  introspection_throttled: fault(
    'remote',
    'The introspection endpoint answered 429.',
    'Ask for a higher limit, or raise the cache times.',
  ),
  introspection_server_error: fault(
    'remote',
    'The introspection endpoint answered 5xx.',
    'Look at the authorization server.',
  ),
  introspection_redirected: fault(
    'remote',
    'The introspection endpoint answered 3xx; redirects are not followed.',
    'Set `introspection.endpoint` to where it really is.',
  ),
  introspection_status: fault(
    'remote',
    'The introspection endpoint answered with a status other than 200.',
    "Check the endpoint's address and that this client may introspect.",
  ),
  introspection_content_type: fault(
    'remote',
    'The answer is by its content type neither JSON nor a signed answer.',
    'Check that the address is the introspection endpoint and not a login page.',
  ),
  introspection_compressed: fault(
    'remote',
    'The answer is compressed although identity was asked for.',
    'Switch compression off for this endpoint.',
  ),
  introspection_too_large: fault(
    'remote',
    'The answer is over `introspection.maxAnswer`.',
    'Raise `maxAnswer`, or have the server send fewer members.',
  ),
  introspection_unreadable: fault(
    'remote',
    'The answer is not what RFC 7662 describes.',
    'See the detail in the log for the member at fault.',
  ),
  call_token_unavailable: fault(
    'remote',
    'The token endpoint gave no access token for our calls to the introspection endpoint.',
    'Look at the token endpoint; check `auth.clientCredentials` and that this client may use the grant.',
  ),
  introspection_unsigned: fault(
    'remote',
    'The answer is plain JSON although `introspection.response` asks for a signed one (RFC 9701).',
    'Register a signed introspection response for this client there, or set `introspection.response: json`.',
  ),
  introspection_signed: fault(
    'remote',
    'The answer is a JWT although plain JSON was asked for.',
    'Set `introspection.response: jwt`, or have the server answer this client in JSON.',
  ),
  signed_answer_header: fault(
    'remote',
    'The header of the signed answer asks for something that is not done here: `crit`, `b64` or compression.',
    'Have the server leave it out for this client.',
  ),
  signed_answer_algorithm: fault(
    'remote',
    'The answer is signed or encrypted with an algorithm that is not accepted.',
    'Compare what is registered for this client there with `introspection.jwt`; never accept `none`.',
  ),
  signed_answer_key: fault(
    'remote',
    'No key of the authorization server goes with the signature of its answer.',
    'Check that its key set holds the key it signs with; see the detail in the log.',
  ),
  signed_answer_signature: fault(
    'remote',
    'The signature of the answer is not right.',
    'Somebody changed the answer on its way, or the key set is not that of the server which signs.',
  ),
  signed_answer_type: fault(
    'remote',
    'The JWT is not an introspection answer by its `typ`; it may have been made for another purpose.',
    'Have the server say `token-introspection+jwt`; one that is older than RFC 9701 may need `introspection.jwt.typ: JWT`.',
  ),
  signed_answer_issuer: fault(
    'remote',
    '`iss` of the signed answer is neither the issuer of the client nor one of `acceptIssuers`.',
    'Compare byte for byte; add it to `acceptIssuers` if it is right.',
  ),
  signed_answer_audience: fault(
    'remote',
    '`aud` of the signed answer does not name us: it was made for somebody else.',
    'Compare it with `clientId`, or list what the server writes there in `introspection.jwt.audience`.',
  ),
  signed_answer_time: fault(
    'remote',
    'The signed answer is too old or from the future by its `iat`, `exp` or `nbf`; it may have been replayed.',
    'Check the clocks on both sides, and whether something between caches answers; see `introspection.jwt.maxAge`.',
  ),
  signed_answer_undecryptable: fault(
    'remote',
    'The answer is encrypted and none of our keys opens it.',
    'Compare the keys in `introspection.jwt.decryption` with those that the server has of this client.',
  ),
  signed_answer_unencrypted: fault(
    'remote',
    'The answer is not encrypted although `introspection.jwt.decryption` demands it.',
    'Register an encrypted introspection response there, or set `introspection.jwt.decryption.required: false`.',
  ),
  signing_keys_unavailable: fault(
    'remote',
    'The keys that the authorization server signs with cannot be read, and none were read before.',
    'Check that its key set is reachable from here.',
  ),
  signing_keys_invalid: fault(
    'remote',
    'The key set of the authorization server was refused.',
    'See the detail in the log.',
  ),
  credentials_refused: fault(
    'remote',
    'The authorization server refuses our client credentials.',
    'Check `clientId`, `clientSecret` and `auth`.',
  ),
} as const satisfies Record<string, FaultRow>;

export type AllowReason = keyof typeof ALLOW_REASONS;
export type DenyReason = keyof typeof DENY_REASONS;
export type FaultReason = keyof typeof FAULT_REASONS;
export type Reason = AllowReason | DenyReason | FaultReason;

function deny(
  status: DenyRow['status'],
  challenge: ChallengeError,
  body: BodyKey,
  at: DenyRow['at'],
  meaning: string,
): DenyRow {
  return { status, challenge, body, at, meaning };
}

function fault(side: FaultRow['side'], meaning: string, remedy: string): FaultRow {
  return { side, meaning, remedy };
}
