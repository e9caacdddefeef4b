import { atKey, atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { checkAuthentication } from './authentication.ts';
import { checkSameNames } from './routes.ts';
import { at, entriesOf, isGiven, itemsOf, mapOf, type Raw, textOf } from './raw.ts';

/** Parameters that the enquiry itself sends (RFC 7662 section 2.1, RFC 6749 section 2.3.1, RFC 7521 section 4.2). */
const OWN_PARAMETERS = new Set([
  'token',
  'token_type_hint',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]);

export function checkClients(root: Raw): readonly Finding[] {
  return entriesOf(at(root, 'clients'))
    .filter((client) => mapOf(client) !== null)
    .flatMap((client) => [
      ...checkWhereabouts(client),
      ...checkAuthentication(client),
      ...checkSchemes(client),
      ...checkParameters(client),
      ...checkSameNames(at(client, 'match', 'headers')),
    ]);
}

function checkWhereabouts(client: Raw): readonly Finding[] {
  if (isGiven(at(client, 'issuer'))) return [];
  const metadataUrl = at(client, 'metadataUrl');
  if (isGiven(metadataUrl))
    return [atKey(metadataUrl.path, 'needs `issuer` beside it, which the metadata is compared with')];
  if (isGiven(at(client, 'introspection', 'endpoint'))) return [];
  return [
    atKey(client.path, 'has neither `issuer` nor `introspection.endpoint`; one of them must say whom to ask'),
  ];
}

function checkSchemes(client: Raw): readonly Finding[] {
  if (at(client, 'allowHttp').value === true) return [];
  const urls = [
    at(client, 'issuer'),
    at(client, 'metadataUrl'),
    at(client, 'introspection', 'endpoint'),
    ...itemsOf(at(client, 'endpointOrigins')),
  ];
  return urls
    .filter((url) => /^http:/i.test(textOf(url) ?? ''))
    .map(({ path }) =>
      atValue(
        path,
        'is http: tokens and secrets would travel in clear; use https, or spell out `allowHttp: true`',
      ),
    );
}

function checkParameters(client: Raw): readonly Finding[] {
  return entriesOf(at(client, 'introspection', 'params'))
    .filter(({ key }) => OWN_PARAMETERS.has(key))
    .map(({ key, path }) => atKey(path, `${quoted(key)} is sent by the enquiry itself; remove it here`));
}
