import type { JsonObject } from './json.ts';
import type { ProxyChoice } from './outbound-proxy.ts';
import type { Bytes, Milliseconds, MonotonicMilliseconds } from './quantity.ts';
import type { SecretFunction } from './secret-source.ts';
import type { Secret } from './secret.ts';
import type { TokenFilter, TokenForm } from './token-form.ts';

/**
 * Who we are to which authorization server: everything that one enquiry needs besides the token.
 * Frozen; a changed setting makes a new object, an unchanged one keeps its identity over a reload.
 */
export interface ClientContext {
  /** Its key in the settings file; also a metric label and a part of the cache key. */
  readonly name: string;
  /** Compared byte for byte with what metadata and answers say (RFC 8414 section 3.3). `null` with a fixed endpoint only. */
  readonly issuer: string | null;
  /** Where metadata is read; `null`: the well-known places below `issuer`. */
  readonly metadataUrl: string | null;
  /** Members that stand in place of the document's own, or beside them. Left out: none. */
  readonly metadataOverrides?: JsonObject;
  /** Where connections go, whatever host the URLs name (split horizon); `null`: where they say. */
  readonly connectTo: ConnectTo | null;
  /** The way out. Left out: as the environment says. */
  readonly proxy?: ProxyChoice;
  /** Values of `iss` that are accepted in answers beside `issuer`. */
  readonly acceptIssuers: readonly string[];
  /** Origins that metadata may name for its endpoints beside those of `issuer` and `metadataUrl`. */
  readonly endpointOrigins: readonly string[];
  readonly clientId: string;
  readonly authentication: ClientAuthentication;
  /** Asked for the secret at each enquiry, in place of the one in `authentication`; `null` or left out: that one is it. */
  readonly secretFrom?: SecretFunction | null;
  /** What proved who we are before, for a server that does not know of the change yet; `null` or left out: nothing. */
  readonly previous?: PreviousAuthentication | null;
  /** How long what proves who we are is kept when it is replaced; 0: not at all. */
  readonly secretGrace: Milliseconds;
  readonly introspection: IntrospectionSettings;
  readonly tls: ClientTls;
  /** What its tokens look like; others are not shown to it. `null`: nobody knows. */
  readonly token: TokenForm | null;
  /** What every one of them has besides; `null`: nothing that is known. */
  readonly filter: TokenFilter | null;
  /** Ranges in CIDR form of link-local, loopback and unspecified addresses that host names may lead to. */
  readonly allowAddresses: readonly string[];
  readonly limits: EnquiryLimits;
  /** How long its answers are kept, where that is shorter than for all; `null`: as for all. */
  readonly cache: ClientCacheTimes | null;
  readonly budget: InactiveBudget;
  /** Permits `http://` to the hosts named in this client; tokens then travel in clear. */
  readonly allowHttp: boolean;
  /** Not ready before its metadata was read and one enquiry succeeded. */
  readonly required: boolean;
}

export interface ConnectTo {
  /** A host name or an IP literal without brackets. */
  readonly host: string;
  /** `null`: the port of the URL. */
  readonly port: number | null;
  /** Sent as TLS server name and looked for in the certificate; `null`: the host of the URL. */
  readonly serverName: string | null;
}

export interface PreviousAuthentication {
  readonly authentication: ClientAuthentication;
  /** `null`: as long as the settings name it. */
  readonly until: MonotonicMilliseconds | null;
}

/** How we say who we are. Exactly one way goes on the wire (RFC 6749 section 2.3, INT-6). */
export type ClientAuthentication =
  /** Basic, else post, as the metadata allows; basic when metadata is silent (META-8). */
  | { readonly method: 'automatic'; readonly secret: Secret }
  | {
      readonly method: 'client_secret_basic';
      readonly secret: Secret;
      /** `raw`: for servers that do not form-decode what is inside (RFC 6749 section 2.3.1). Left out: `form`. */
      readonly encoding?: 'form' | 'raw';
    }
  | { readonly method: 'client_secret_post'; readonly secret: Secret }
  | {
      readonly method: 'client_secret_jwt';
      readonly secret: Secret;
      readonly assertion: AssertionSettings;
    }
  | {
      readonly method: 'private_key_jwt';
      readonly key: SigningKey;
      readonly assertion: AssertionSettings;
    }
  /** By the certificate of the connection (RFC 8705 section 2), whichever of the two the metadata allows. */
  | { readonly method: 'automatic_tls' }
  | { readonly method: 'tls_client_auth' | 'self_signed_tls_client_auth' }
  /** By an access token (RFC 6750 section 2.1): one that the settings hold, or one that is fetched and renewed. */
  | { readonly method: 'bearer'; readonly token: Secret }
  | { readonly method: 'bearer'; readonly grant: ClientCredentialsGrant }
  /** Only when asked for: the server is told a name and no proof. */
  | { readonly method: 'none' };

/** How we get an access token for our own calls (RFC 6749 section 4.4), with our client id. */
export interface ClientCredentialsGrant {
  /** `null`: the token endpoint of the metadata. */
  readonly endpoint: string | null;
  readonly secret: Secret;
  /** How we say who we are there. `null`: basic, else post, as the metadata allows. */
  readonly method: 'client_secret_basic' | 'client_secret_post' | null;
  /** Of the first. */
  readonly encoding: 'form' | 'raw';
  readonly scopes: readonly string[];
  /** Extra form parameters, in the order of the file; one with several values is repeated. */
  readonly params: ReadonlyMap<string, readonly string[]>;
}

/** Every way of authentication by its name on the wire; a metadata document may list them. */
export type AuthenticationMethod = Exclude<ClientAuthentication['method'], 'automatic' | 'automatic_tls'>;

export interface SigningKey {
  /** PKCS #8. */
  readonly pem: Secret;
  /** `kid` of the header; `null`: none is sent. */
  readonly id: string | null;
}

/** Of the JWTs that we sign to say who we are (RFC 7523 section 3). */
export interface AssertionSettings {
  /** `alg` values that go with the key, the preferred first; the metadata may choose among them. */
  readonly algorithms: readonly string[];
  /** The issuer alone is safe against servers that name endpoints of others (CA-3); the endpoints are for old ones. */
  readonly audience: 'issuer' | 'token_endpoint' | 'introspection_endpoint';
  /** `typ` of the header; `null`: none is sent. */
  readonly type: string | null;
  readonly lifetime: Milliseconds;
  /** Whether `client_id` goes beside the assertion. */
  readonly sendClientId: boolean;
}

export interface IntrospectionSettings {
  /** `null`: from metadata. */
  readonly endpoint: string | null;
  /** Budget of the enquiry itself, which goes on when its callers have been answered. */
  readonly timeout: Milliseconds;
  /** One more attempt when no answer came and half of `timeout` is left. */
  readonly retry: boolean;
  /** `null`: not sent. */
  readonly tokenTypeHint: string | null;
  /** Name of the form parameter that carries the token; `token` by RFC 7662. */
  readonly tokenParameter: string;
  /** Extra form parameters, in the order of the file; one with several values is repeated. */
  readonly params: ReadonlyMap<string, readonly string[]>;
  /** Extra headers, in the order of the file. Names in lower case; a value may be a key for a front of the server. */
  readonly headers: ReadonlyMap<string, Secret>;
  readonly facts: RequestFacts;
  readonly maxAnswer: Bytes;
  /** Only tokens that were issued to `clientId`. Judged on every request, never cached (G2). */
  readonly clientSelfOnly: boolean;
  /** RFC 9701: answers are asked for as JWTs, and nothing else is read. `null`: plain JSON. */
  readonly signedAnswers: SignedAnswerSettings | null;
}

/** What a signed answer must be like to be believed. */
export interface SignedAnswerSettings {
  /** `alg` values; `null`: those of public keys that the metadata lists, RS256 where it lists none. */
  readonly algorithms: readonly string[] | null;
  /** Of which `aud` must name one. */
  readonly audience: readonly string[];
  /** Takes a `typ` of `JWT`, and none, for servers older than RFC 9701. */
  readonly takesOldType: boolean;
  /** How far back `iat` may lie. */
  readonly maxAge: Milliseconds;
  readonly keys: AnswerKeySettings;
  /** `null`: an encrypted answer is not for us. */
  readonly decryption: DecryptionSettings | null;
}

/** Where the keys come from that signatures are checked with. */
export type AnswerKeySettings =
  /** `jwks_uri` of the metadata. */
  | { readonly kind: 'metadata' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'fixed'; readonly keys: readonly FixedKey[] }
  /** HMAC, with our secret there: whoever can check can also sign. */
  | { readonly kind: 'secret'; readonly secret: Secret };

/** A public key of a server, given by the operator. */
export interface FixedKey {
  /** `kid`; `null`: goes with every one. */
  readonly id: string | null;
  readonly algorithms: readonly string[];
  /** SPKI. */
  readonly pem: string;
}

export interface DecryptionSettings {
  /** The newest first. */
  readonly keys: readonly DecryptionKey[];
  /** `alg` values that are accepted. */
  readonly algorithms: readonly string[];
  /** `enc` values that are accepted. */
  readonly encodings: readonly string[];
  /** Refuses answers that are signed only. */
  readonly required: boolean;
}

export interface DecryptionKey {
  /** By which the server may name it: `kid` of the JWK, else its RFC 7638 thumbprint. */
  readonly id: string;
  /** `alg` values that go with it. */
  readonly algorithms: readonly string[];
  /** PKCS #8. */
  readonly pem: Secret;
}

/** Facts of each checked request that are sent along, by the names under which they are; in the order of the file. */
export interface RequestFacts {
  readonly params: ReadonlyMap<string, RequestFact>;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, RequestFact>;
}

export type RequestFact =
  | { readonly kind: 'method' }
  /** As rules compare it: lower case, without port. */
  | { readonly kind: 'host' }
  /** As rules compare it: without query, escapes decoded once, slashes merged, dot segments resolved. */
  | { readonly kind: 'path' }
  /** Not sent when the gateway did not say. */
  | { readonly kind: 'clientAddress' }
  /** All values of a header, joined by commas; not sent when there is none. Name in lower case. */
  | { readonly kind: 'header'; readonly name: string };

export interface ClientTls {
  /** PEM of the authorities trusted instead of the system's; `null`: the system's. */
  readonly ca: string | null;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Shown to servers that ask for one. Left out: none. */
  readonly certificate?: ClientCertificate;
}

export interface ClientCertificate {
  /** PEM, its chain included. */
  readonly cert: string;
  readonly key: Secret;
}

/** How many tokens that turn out inactive its server is asked about: at once, and each second from then on. */
export interface InactiveBudget {
  readonly all: { readonly burst: number; readonly perSecond: number };
  /** Of one client address. */
  readonly source: { readonly burst: number; readonly perSecond: number };
  /** What those are told who come when it is spent. */
  readonly beyond: 429 | 503;
}

/** `null`: as for all. 0: not at all. */
export interface ClientCacheTimes {
  readonly active: Milliseconds | null;
  readonly inactive: Milliseconds | null;
}

export interface EnquiryLimits {
  /** Enquiries at once to this client's endpoint. */
  readonly concurrent: number;
  /** Enquiries that may wait for their turn; one more is refused at once with 503. */
  readonly queue: number;
}
