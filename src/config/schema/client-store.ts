import { z } from 'zod';
import { fail, succeed } from '../../domain/index.ts';
import { parseIssuerPattern } from '../issuer-pattern.ts';
import { headerName } from './http-words.ts';
import { kindWords, notYet, optional, required, standard } from './key.ts';
import { parsed } from './parsed.ts';
import { duration, wholeNumber } from './quantities.ts';
import { choice, group, list, text } from './texts.ts';

/** Tenants in records outside of the file. */
export function clientStore() {
  return group({
    directory: optional(directory(), 'A folder with one file for each tenant.', '**must be given**'),
    http: notYet('A service of yours that is asked for a tenant.'),
    keyv: notYet('A Keyv store that holds the records, sealed.'),
    module: notYet('A module of yours that answers with a record.'),
    by: standard(
      tenantKey(),
      'host',
      'What of a request names its tenant, where the route names no client. A name is up to 200 letters, digits and . _ -; ' +
        'another one is nobody: 403.',
    ),
    recheck: standard(
      duration({ min: '100ms', max: '1h' }),
      '5s',
      'A record in use is looked at again when the last look is this old. One that broke, or cannot be read, leaves the ' +
        'version before it in force.',
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
        '`match`, `required`, `allowHttp`, `connectTo` and `allowAddresses`, and no `{ env: … }`.',
    ),
    secrets: optional(
      folder(),
      'The folder that `{ file: … }` and certificates of records are below, each in a folder with the name of its ' +
        'tenant. Links that lead out of that are refused.',
      'records can refer to no file',
    ),
    issuers: required(
      list(issuerPattern()),
      'What `issuer` of a record must fit: `https://idp.example.com`, `https://*.example.com`, with a path for ' +
        'what is below it. Every other URL of a record must be on such a host.',
    ),
  });
}

function folder() {
  return parsed({ type: 'a folder' }, (value) =>
    value === '' || /\p{Cc}/u.test(value) ? fail('is not the path of a folder') : succeed(value),
  );
}

function issuerPattern() {
  return parsed({ type: 'a pattern of issuers' }, (value) => {
    const pattern = parseIssuerPattern(value);
    return pattern.ok ? succeed(value) : pattern;
  });
}

function tenantKey() {
  const long = group({
    header: optional(headerName(), 'A header that is there exactly once.', 'another of the three'),
    context: optional(text(), "An entry of Envoy's `context_extensions`.", 'another of the three'),
    segment: optional(
      wholeNumber({ min: 1, max: 100 }),
      'A segment of the path, from 1.',
      'another of the three',
    ),
  }).superRefine((given, context) => {
    if (Object.values(given).filter((value) => value !== undefined).length !== 1)
      context.addIssue({ code: 'custom', message: 'must have one of `header`, `context` and `segment`' });
  });
  kindWords.add(long, { type: '{ header: NAME }, { context: NAME } or { segment: N }' });
  const schema = z.union([choice(['host']), long]);
  kindWords.add(schema, { type: 'host, { header: NAME }, { context: NAME } or { segment: N }' });
  return schema;
}
