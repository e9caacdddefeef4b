/** Why no answer came, in words that hold nothing foreign. */
export interface ConnectionFailure {
  readonly kind:
    | 'unresolved'
    /** Where it leads is an address that nobody consented to. */
    | 'forbidden'
    | 'refused'
    | 'slow'
    | 'certificate'
    | 'tls'
    /** The proxy is not there, or cannot reach the server. */
    | 'proxy'
    /** The proxy does not want to. */
    | 'proxy_refused'
    /** It was there and went away. */
    | 'lost'
    /** What came is not HTTP. */
    | 'not_http'
    | 'other';
  /** A half sentence: `the connection was refused (ECONNREFUSED)`. */
  readonly detail: string;
}

/** Why there is no tunnel through a proxy; an error, for it travels through the library's callback. */
export class TunnelFailure extends Error {
  readonly failure: ConnectionFailure;

  constructor(failure: ConnectionFailure) {
    super(failure.detail);
    this.failure = failure;
  }
}

/** Sorts an error of undici, net, tls or dns by its code; its message may quote the peer and is never used. */
export function describeFailure(error: unknown): ConnectionFailure {
  if (error instanceof TunnelFailure) return error.failure;
  const code = codeOf(error);
  const kind = KINDS.find(([, pattern]) => pattern.test(code))?.[0] ?? 'other';
  return { kind, detail: code === '' ? WORDS[kind] : `${WORDS[kind]} (${code})` };
}

const WORDS = {
  unresolved: 'the host name does not resolve',
  forbidden:
    'the address is refused: link-local, loopback and unspecified ones must be written in the settings or be in `allowAddresses`',
  refused: 'the connection was refused',
  slow: 'no connection was made in time',
  certificate: 'the certificate of the server is not accepted; see `tls.ca`',
  tls: 'the TLS handshake failed',
  proxy: 'the proxy cannot be used',
  proxy_refused: 'the proxy did not open a tunnel',
  lost: 'the connection was lost before an answer',
  not_http: 'what came back is not HTTP',
  other: 'no connection can be made',
} as const satisfies Record<ConnectionFailure['kind'], string>;

const KINDS: readonly (readonly [ConnectionFailure['kind'], RegExp])[] = [
  ['unresolved', /^(?:ENOTFOUND|EAI_[A-Z]+|ENODATA|ESERVFAIL)$/],
  ['forbidden', /^ADDRESS_REFUSED$/],
  ['refused', /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL)$/],
  ['slow', /^(?:UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/],
  ['certificate', /CERT|SIGNATURE|ISSUER|^HOSTNAME_MISMATCH$|^INVALID_PURPOSE$/],
  ['lost', /^(?:UND_ERR_SOCKET|ECONNRESET|EPIPE|ECONNABORTED)$/],
  ['not_http', /^(?:HPE_[A-Z_]+|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/],
  ['tls', /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/],
];

/** Upper-case words only, as libraries make them; anything else is left out. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  // undici gives this one a name but no code.
  if ('name' in error && error.name === 'HTTPParserError') return 'HPE_INVALID';
  if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(error.code)) {
    return error.code;
  }
  // Several addresses were tried and each failed: the first tells enough.
  return 'errors' in error && Array.isArray(error.errors) ? codeOf(error.errors[0]) : '';
}
