import { z } from 'zod';
import { authentication } from './authentication.ts';
import { addressRange, connectHost, hostName } from './addresses.ts';
import { facts } from './facts.ts';
import { flawOfHeaderName } from './http-words.ts';
import { kindWords, optional, required, standard } from './key.ts';
import { match } from './match.ts';
import { metadataOverrides } from './metadata-overrides.ts';
import { duration, size, wholeNumber } from './quantities.ts';
import { proxy } from './proxy.ts';
import {
  certificateFile,
  flawOfClientId,
  flawOfSecret,
  headerValue,
  keyFile,
  secret,
  textOrReference,
} from './references.ts';
import {
  anyList,
  anyText,
  choice,
  flawOfName,
  flawOfText,
  group,
  mapOf,
  oneOrMore,
  text,
  yesOrNo,
} from './texts.ts';
import { tokenCharacters, tokenPattern, tokenPrefix } from './token-forms.ts';
import { signedAnswers } from './signed-answers.ts';
import { httpUrl, issuerUrl, origin } from './urls.ts';

export function clients() {
  return mapOf(flawOfName, client());
}

function client() {
  return group({
    issuer: optional(
      issuerUrl(),
      'Identifier of the authorization server, exactly as its metadata gives it.',
      'only with `introspection.endpoint`',
    ),
    metadataUrl: optional(
      httpUrl(),
      'Where its metadata is read.',
      'the well-known places of RFC 8414 and OpenID discovery below `issuer`',
    ),
    metadataOverrides: optional(
      metadataOverrides(),
      'Members that stand in place of those of the metadata, or beside them, for servers whose document is wrong or ' +
        'speaks of the outside. They are held to the same rules: an endpoint on another origin needs `endpointOrigins`.',
      'the document as it is',
    ),
    connectTo: optional(
      connectTo(),
      'Where connections go, whatever host the URLs name; what is sent over them stays the same.',
      'where the URLs say',
    ),
    proxy: optional(
      proxy(),
      'The proxy that connections go through, by CONNECT, or `none`. `NO_PROXY` plays no part then.',
      'as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say',
    ),
    acceptIssuers: standard(
      anyList(text()),
      [],
      'Values of `iss` that are accepted in answers beside `issuer`.',
    ),
    endpointOrigins: standard(
      anyList(origin()),
      [],
      'Origins where metadata may place endpoints, beside those of `issuer` and `metadataUrl`.',
    ),
    clientId: required(textOrReference(flawOfClientId), 'Who we are there.'),
    clientSecret: optional(
      secret(flawOfSecret),
      'Our secret there. Read again when it changes.',
      'only where `auth` names a method without one, or with a certificate in `tls`',
    ),
    previousSecret: optional(
      secret(flawOfSecret),
      'The secret that is leaving, or the one that is to come: used where the server refuses `clientSecret`.',
      'the one before, for the time of `secretGrace`',
    ),
    secretGrace: standard(
      duration({ min: '0s', max: '24h' }),
      '10m',
      'How long a secret or key that was replaced is kept, for a server that does not know of it yet: what it refuses is ' +
        'tried once more with the other. `0s`: not at all.',
    ),
    auth: optional(
      authentication(),
      'How we authenticate: `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt`, `tls_client_auth`, `self_signed_tls_client_auth` or `none`, or a map that says more, as `bearer` needs.',
      'basic, else post, as the metadata allows; without a secret, by the certificate of `tls`',
    ),
    introspection: standard(introspection(), {}, 'The question that is asked about each token (RFC 7662).'),
    tls: standard(clientTls(), {}, 'TLS on the way to the authorization server.'),
    token: tokenForm(),
    allowAddresses: standard(
      anyList(addressRange()),
      [],
      'Link-local, loopback and unspecified addresses that its host names may lead to, as ranges. ' +
        'An address or `localhost` that is written in a URL or in `connectTo` needs no range.',
    ),
    limits: standard(limits(), {}, "Bounds on enquiries to this client's endpoint."),
    cache: optional(
      cacheTimes(),
      'How long the answers of this client are kept, where that is shorter than `cache` says.',
      'as `cache` says',
    ),
    allowHttp: standard(
      yesOrNo(),
      false,
      '`true` permits `http://` to the hosts named in this client; tokens and secrets then travel in clear.',
    ),
    required: standard(
      yesOrNo(),
      false,
      '`true`: the instance is not ready before metadata was read and one enquiry succeeded.',
    ),
    match: whoseRequests(),
  });
}

function whoseRequests() {
  return optional(
    match(),
    'Which requests this client goes with, where the route names none. Of several that fit, the one with the most ' +
      'specific host is taken, then path, then the most further conditions; `{}` fits all. Of those that are equal, the ' +
      'token tells: by its form (`token`), or by the issuer that a JWT claims.',
    'none, but the only client goes with all',
  );
}

function tokenForm() {
  const form = group({
    prefix: optional(
      oneOrMore(tokenPrefix(), { least: 1 }),
      'How they begin, as in `ghp_`; one of a list.',
      'any',
    ),
    pattern: optional(
      tokenPattern(),
      'The whole token: characters, `.` for any of a token, `[a-z0-9_-]`, `( | )`, and `?`, `*`, `+`, `{n}`, `{n,m}` behind ' +
        'what repeats; a backslash before a character that has a meaning. It is decided in one step for each character.',
      'any',
    ),
    minLength: standard(wholeNumber({ min: 1, max: 8_192 }), 1, 'Shorter ones are none.'),
    maxLength: standard(wholeNumber({ min: 1, max: 8_192 }), 8_192, 'Longer ones are none.'),
    characters: optional(
      tokenCharacters(),
      'What they are made of, as between the brackets of a pattern: `A-Za-z0-9_-`.',
      'all that tokens can be made of',
    ),
    checksum: optional(
      choice(['crc32-base62']),
      'The last six characters are the CRC-32 of all between the prefix and them, in base 62: as GitHub and npm have it.',
      'none is looked at',
    ),
  });
  return optional(
    form,
    'What its tokens look like. Others are refused with 401 and not shown to its server; where a route has several ' +
      'clients, it tells them apart.',
    'unknown',
  );
}

function connectTo() {
  return group({
    host: required(connectHost(), 'Host name or IP address to connect to.'),
    port: optional(wholeNumber({ min: 1, max: 65_535 }), 'Port to connect to.', 'that of the URL'),
    serverName: optional(
      hostName(),
      'Host name that TLS asks for and that the certificate must be for.',
      'the host of the URL',
    ),
  });
}

function introspection() {
  return group({
    endpoint: optional(httpUrl(), 'Where it is asked.', 'from metadata'),
    timeout: standard(
      duration({ min: '10ms', max: '2m' }),
      '5s',
      'For the enquiry itself, which goes on when its callers have been answered.',
    ),
    retry: standard(
      yesOrNo(),
      false,
      '`true`: asks once more when no connection was made or it was lost, or after a 502, 503 or 504, ' +
        'if half of `timeout` is left. Never after a timeout, nor when the answer has a `Retry-After`.',
    ),
    tokenTypeHint: optional(text(), 'Sent as `token_type_hint`.', 'not sent'),
    tokenParameter: standard(
      text(),
      'token',
      'Name of the form parameter that carries the token, for servers that call it otherwise.',
    ),
    params: standard(
      mapOf(flawOfText, oneOrMore(anyText(), { least: 1 })),
      {},
      'Extra form parameters, such as `resource`. A list repeats the parameter. They are part of the cache key.',
    ),
    headers: standard(
      mapOf(flawOfHeaderName, headerValue()),
      {},
      'Extra request headers: texts, or `{ env: NAME }` or `{ file: PATH }` for a key that a front of the server wants. ' +
        'They are part of the cache key.',
    ),
    facts: standard(
      facts(),
      {},
      'Facts of each checked request that are sent along. They are part of the cache key.',
    ),
    maxAnswer: standard(size({ min: '1KiB', max: '16MiB' }), '64KiB', 'A longer answer is a fault.'),
    response: standard(
      choice(['json', 'jwt']),
      'json',
      'What is asked for, and all that is taken: `json`, or `jwt` for answers that the server signs (RFC 9701).',
    ),
    jwt: optional(
      signedAnswers(),
      'With `response: jwt`: what a signed answer must be like.',
      'as its keys say where they are left out',
    ),
    clientSelfOnly: standard(
      yesOrNo(),
      false,
      '`true`: only tokens that were issued to `clientId` are accepted.',
    ),
  });
}

/** TLS where we are the client. */
export function clientTls() {
  return group({
    ca: optional(
      certificateFile(),
      "PEM file of the authorities to trust instead of the system's.",
      "the system's",
    ),
    cert: optional(
      certificateFile(),
      'PEM file with our certificate there and its chain. Read again when it changes.',
      'none is shown',
    ),
    key: optional(keyFile(), 'PEM file with its private key.', 'needed with `cert`'),
    minVersion: standard(choice(['TLSv1.2', 'TLSv1.3']), 'TLSv1.2', 'The oldest version to speak.'),
  });
}

function cacheTimes() {
  const times = (which: string) =>
    optional(
      group({ max: required(duration({ min: '0s', max: '24h' }), 'At most; `0s`: not at all.') }),
      `Answers about ${which} tokens.`,
      'as `cache` says',
    );
  return group({ active: times('active'), inactive: times('inactive') });
}

function inactive() {
  const allowance = (burst: number, perSecond: number) => ({
    burst: standard(wholeNumber({ min: 1, max: 1_000_000 }), burst, 'At once.'),
    perSecond: standard(wholeNumber({ min: 1, max: 1_000_000 }), perSecond, 'Each second from then on.'),
  });
  return group({
    ...allowance(3_000, 300),
    source: standard(
      group(allowance(1_000, 100)),
      {},
      'The same for each client address (`clientAddress`); an IPv6 network of 64 bits counts as one.',
    ),
    beyond: standard(
      refusal(),
      503,
      'What unknown tokens get when that is spent: 503, or 429 to tell whoever comes that it is their fault.',
    ),
  });
}

function refusal() {
  const schema = z.literal([429, 503]);
  kindWords.add(schema, { type: '429 or 503' });
  return schema;
}

function limits() {
  return group({
    concurrent: standard(wholeNumber({ min: 1, max: 10_000 }), 64, 'Enquiries at once.'),
    queue: standard(
      wholeNumber({ min: 0, max: 1_000_000 }),
      256,
      'Enquiries that may wait for their turn; one more is refused at once with 503.',
    ),
    inactive: standard(
      inactive(),
      {},
      'Tokens that turn out inactive, and how many of them its server is asked about. Tokens that are active cost nothing, ' +
        'and known ones are served as always.',
    ),
  });
}
