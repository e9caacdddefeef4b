import { GRANT_PARAMETERS } from '../../domain/index.ts';
import { atKey, atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { at, entriesOf, isGiven, type Raw, textOf } from './raw.ts';

/** One token on the wire, from one source. */
export function checkBearer(client: Raw): readonly Finding[] {
  const auth = at(client, 'auth');
  const grant = at(auth, 'clientCredentials');
  const tokenParameter = at(client, 'introspection', 'tokenParameter');
  const twice = 'cannot be access_token with bearer: that would be two bearer tokens in one request';
  return [
    ...(textOf(tokenParameter) === 'access_token' ? [atValue(tokenParameter.path, twice)] : []),
    ...checkSource(auth, at(auth, 'token'), grant),
    ...checkGrant(client, grant),
  ];
}

function checkSource(auth: Raw, token: Raw, grant: Raw): readonly Finding[] {
  if (isGiven(token) && isGiven(grant))
    return [atKey(grant.path, 'stands beside `token`; the token comes from one of them')];
  if (isGiven(token) || isGiven(grant)) return [];
  return [atKey(auth.path, 'bearer needs a map with `token` or `clientCredentials` beside `method`')];
}

function checkGrant(client: Raw, grant: Raw): readonly Finding[] {
  const own = entriesOf(at(grant, 'params'))
    .filter(({ key }) => GRANT_PARAMETERS.has(key))
    .map(({ key, path }) => atKey(path, `${quoted(key)} is sent by the request itself; remove it here`));
  const isNowhere = isGiven(grant) && !isGiven(at(grant, 'endpoint')) && !isGiven(at(client, 'issuer'));
  if (!isNowhere) return own;
  return [...own, atKey(grant.path, 'needs its `endpoint`, or `issuer`, whose metadata names it')];
}
