import { atKey, atValue, type Finding } from '../finding.ts';
import { checkAuthentication } from './authentication.ts';
import { checkTokenForm } from './candidates.ts';
import { checkEnquiry } from './enquiry.ts';
import { checkProxy } from './proxy.ts';
import { checkSameNames } from './routes.ts';
import { checkSignedAnswers } from './signed-answers.ts';
import { at, entriesOf, isGiven, itemsOf, mapOf, type Raw, textOf } from './raw.ts';

export function checkClients(root: Raw): readonly Finding[] {
  return entriesOf(at(root, 'clients'))
    .filter((client) => mapOf(client) !== null)
    .flatMap((client) => [
      ...checkWhereabouts(client),
      ...checkAuthentication(client),
      ...checkSchemes(client),
      ...checkSignedAnswers(client),
      ...checkProxy(at(client, 'proxy')),
      ...checkEnquiry(at(client, 'introspection')),
      ...checkTokenForm(client),
      ...checkSameNames(at(client, 'match', 'headers')),
    ]);
}

function checkWhereabouts(client: Raw): readonly Finding[] {
  if (isGiven(at(client, 'issuer'))) return [];
  const ofMetadata = [at(client, 'metadataUrl'), at(client, 'metadataOverrides')].filter(isGiven);
  if (ofMetadata.length > 0)
    return ofMetadata.map(({ path }) =>
      atKey(path, 'needs `issuer` beside it, which the metadata is compared with'),
    );
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
    at(client, 'auth', 'clientCredentials', 'endpoint'),
    at(client, 'introspection', 'jwt', 'jwksUri'),
    ...itemsOf(at(client, 'endpointOrigins')),
    ...entriesOf(at(client, 'metadataOverrides')),
    ...entriesOf(at(client, 'metadataOverrides', 'mtls_endpoint_aliases')),
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
