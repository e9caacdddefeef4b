import { z } from 'zod';
import { fail, succeed } from '../../domain/index.ts';
import { parseIssuerPattern } from '../issuer-pattern.ts';
import { clientTls } from './clients.ts';
import { flawOfHeaderName, headerName } from './http-words.ts';
import { kindWords, optional, required, standard } from './key.ts';
import { parsed } from './parsed.ts';
import { modulePath } from './cache.ts';
import { duration, wholeNumber } from './quantities.ts';
import { redis } from './redis.ts';
import { flawOfCacheKey, flawOfHeaderValue, headerValue, secret } from './references.ts';
import { choice, group, list, mapOf, text, yesOrNo } from './texts.ts';
import { parseHttpUrl } from './urls.ts';

/** Tenants in records outside of the file. */
export function clientStore() {
  return group({
    directory: optional(directory(), 'A folder with one file for each tenant.', 'another of the four'),
    http: optional(
      http(),
      'A service of yours that is asked for one tenant at a time.',
      'another of the four',
    ),
    keyv: optional(
      keyv(),
      'A Keyv store, such as Redis, that holds sealed records; `gatehouse client put` writes them.',
      'another of the four',
    ),
    module: optional(
      modulePath(),
      'A module of your own that answers with records: `./my-store.js`; see [the client store](../client-store.md#code-module). ' +
        'It runs in this process, and another one needs a restart.',
      'another of the four',
    ),
    secrets: optional(folder(), `Of \`module\`: ${SECRETS}`, 'records can refer to no file'),
    issuers: optional(list(issuerPattern()), `Of \`module\`: ${ISSUERS}`, '**must be given** with `module`'),
    by: standard(
      tenantKey(),
      'host',
      'What of a request names its tenant, where the route names no client; `serverName` is that of the TLS handshake with ' +
        'Envoy (`include_tls_session`). A name is up to 200 letters, digits and . _ -; another one is nobody: 403.',
    ),
    recheck: standard(
      duration({ min: '100ms', max: '1h' }),
      '5s',
      'A record in use is looked at again when the last look is this old. A tenant that is asked for all the time does not ' +
        'wait for that, so a change takes up to twice as long. A record that broke, or cannot be read, leaves the version ' +
        'before it in force.',
    ),
    missing: standard(
      duration({ min: '100ms', max: '1h' }),
      '5s',
      'How long "there is no such tenant", or a record that cannot be used, is remembered.',
    ),
    timeout: standard(duration({ min: '10ms', max: '1m' }), '2s', 'For reading one record.'),
    entries: standard(
      wholeNumber({ min: 1, max: 1_000_000 }),
      10_000,
      'Tenants in memory at most; what was used longest ago goes first. As many absent ones are remembered.',
    ),
    limits: standard(
      group({
        concurrent: standard(wholeNumber({ min: 1, max: 10_000 }), 64, 'Records being read at once.'),
        queue: standard(
          wholeNumber({ min: 0, max: 1_000_000 }),
          1_024,
          'Readings that may wait for their turn; one more is refused at once with 503.',
        ),
      }),
      {},
      'Bounds on records being read.',
    ),
  });
}

function directory() {
  return group({
    path: required(
      folder(),
      'The folder. It holds `<tenant>.yaml` or `<tenant>.json`, in the words of `clients.<name>`. A record has no ' +
        '`match`, `required`, `allowHttp`, `connectTo`, `proxy`, `allowAddresses` and `introspection.facts`, and no ' +
        '`{ env: … }`. ' +
        '`_wildcard.example.com.yaml` holds that of every host below `example.com` without one of its own.',
    ),
    ...trust(),
  });
}

function keyv() {
  return group({
    redis: optional(redis(), 'A Redis of any kind.', 'another of `redis` and `module`'),
    module: optional(
      modulePath(),
      'A module of your own that exports a Keyv store adapter, or a function that makes one. Another one needs a restart.',
      'another of `redis` and `module`',
    ),
    keys: optional(
      list(secret(flawOfCacheKey)),
      'What records are sealed with, the newest first: 32 bytes in base64 each, as `openssl rand -base64 32` makes them. ' +
        'Records under any of them are opened.',
      'those of `cache.keys`',
    ),
    ...trust(),
  });
}

function http() {
  return group({
    url: required(
      serviceUrl(),
      'Where it is asked with GET, `{tenant}` standing for the name: `https://tenants.internal/clients/{tenant}`. ' +
        '200 with a record as JSON or YAML, in the words of `clients.<name>` and no more than a file of `directory` may ' +
        'say; 404 or 410 where there is no such tenant. Everything else is a failure of the service.',
    ),
    bearer: optional(
      secret(flawOfHeaderValue),
      'Sent as `Authorization: Bearer …`. Read again when it changes.',
      'not sent',
    ),
    headers: standard(
      mapOf(flawOfHeaderName, headerValue()),
      {},
      'Headers that are sent. Their values are read again when they change.',
    ),
    maxAge: standard(
      duration({ min: '0s', max: '24h' }),
      '5m',
      'The longest that `Cache-Control: max-age` of an answer, less its `Age`, may put off the next question; ' +
        'the least is `recheck`, and for an absent tenant `missing`. A record with an `ETag` is asked for by it.',
    ),
    tls: standard(clientTls(), {}, 'TLS on the way to it.'),
    allowHttp: standard(
      yesOrNo(),
      false,
      '`true` permits an `http://` URL; records and secrets then travel in clear.',
    ),
    ...trust(),
  });
}

const SECRETS =
  'The folder that `{ file: … }` and certificates of records are below, each in a folder with the name of its tenant. ' +
  'Links that lead out of that are refused.';
const ISSUERS =
  'What `issuer` of a record must fit: `https://idp.example.com`, `https://*.example.com`, with a path for what is below ' +
  'it. Every other URL of a record must be on such a host.';

/** What records may do, wherever they are. */
function trust() {
  return {
    secrets: optional(folder(), SECRETS, 'records can refer to no file'),
    issuers: required(list(issuerPattern()), ISSUERS),
  };
}

function folder() {
  return parsed({ type: 'a folder' }, (value) =>
    value === '' || /\p{Cc}/u.test(value) ? fail('is not the path of a folder') : succeed(value),
  );
}

function serviceUrl() {
  return parsed({ type: 'a URL with {tenant}' }, (value) => {
    const [before = '', behind, another] = value.split(PLACEHOLDER);
    if (behind === undefined || another !== undefined || !/^https?:\/\/[^/]+\//.test(before))
      return fail(
        'must hold {tenant} once, in its path or query; as in https://tenants.internal/clients/{tenant}',
      );
    const url = parseHttpUrl(`${before}tenant${behind}`);
    return url.ok ? succeed(value) : url;
  });
}

const PLACEHOLDER = '{tenant}';

function issuerPattern() {
  return parsed({ type: 'a pattern of issuers' }, (value) => {
    const pattern = parseIssuerPattern(value);
    return pattern.ok ? succeed(value) : pattern;
  });
}

function tenantKey() {
  const long = group({
    header: optional(headerName(), 'A header that is there exactly once.', 'another of these'),
    context: optional(text(), "An entry of Envoy's `context_extensions`.", 'another of these'),
    metadata: optional(
      group({
        namespace: required(text(), 'Such as `envoy.filters.http.ext_authz`.'),
        key: required(text(), 'A text in it.'),
      }),
      'A text in the metadata of the route that Envoy chose (`route_metadata_context_namespaces`).',
      'another of these',
    ),
    segment: optional(
      wholeNumber({ min: 1, max: 100 }),
      'A segment of the path, from 1.',
      'another of these',
    ),
  }).superRefine((given, context) => {
    if (Object.values(given).filter((value) => value !== undefined).length !== 1)
      context.addIssue({
        code: 'custom',
        message: 'must have one of `header`, `context`, `metadata` and `segment`',
      });
  });
  const words = '{ header: NAME }, { context: NAME }, { metadata: … } or { segment: N }';
  kindWords.add(long, { type: words });
  const schema = z.union([choice(['host', 'serverName']), long]);
  kindWords.add(schema, { type: `host, serverName, ${words}` });
  return schema;
}
