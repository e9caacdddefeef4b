import { ENQUIRY_PARAMETERS, isEnquiryHeader } from '../../domain/index.ts';
import { atKey, atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { checkSameNames } from './routes.ts';
import { at, entriesOf, isGiven, type Raw, textOf } from './raw.ts';

/** What goes along with a token: nothing that the enquiry writes itself, and nothing twice. */
export function checkEnquiry(introspection: Raw): readonly Finding[] {
  const [params, headers] = [at(introspection, 'params'), at(introspection, 'headers')];
  const facts = at(introspection, 'facts');
  const [factParams, factHeaders] = [at(facts, 'params'), at(facts, 'headers')];
  return [
    ...checkTokenParameter(introspection),
    ...[params, factParams].flatMap(ownParameters),
    ...[headers, factHeaders].flatMap(ownHeaders),
    ...[headers, factHeaders].flatMap(checkSameNames),
    ...saidTwice(factParams, params, 'params'),
    ...saidTwice(factHeaders, headers, 'headers'),
    ...checkFacts(facts),
  ];
}

function ownParameters(params: Raw): readonly Finding[] {
  return entriesOf(params)
    .filter(({ key }) => ENQUIRY_PARAMETERS.has(key))
    .map(({ key, path }) => atKey(path, `${quoted(key)} is sent by the enquiry itself; remove it here`));
}

function ownHeaders(headers: Raw): readonly Finding[] {
  return entriesOf(headers)
    .filter(({ key }) => isEnquiryHeader(key))
    .map(({ key, path }) => atKey(path, `${quoted(key)} belongs to the enquiry itself; remove it here`));
}

function saidTwice(facts: Raw, settings: Raw, where: 'params' | 'headers'): readonly Finding[] {
  const spellingOf = (name: string): string => (where === 'headers' ? name.toLowerCase() : name);
  const names = new Set(entriesOf(settings).map(({ key }) => spellingOf(key)));
  return entriesOf(facts)
    .filter(({ key }) => names.has(spellingOf(key)))
    .map(({ key, path }) =>
      atKey(path, `${quoted(key)} is sent by \`introspection.${where}\`, too; keep one`),
    );
}

/** Credentials of the request go nowhere but where the gateway sends them; the token is sent already. */
function checkFacts(facts: Raw): readonly Finding[] {
  const all = [...entriesOf(at(facts, 'params')), ...entriesOf(at(facts, 'headers'))];
  const secret = all
    .map((fact) => at(fact, 'header'))
    .filter((header) => CREDENTIALS.has(textOf(header)?.toLowerCase() ?? ''))
    .map(({ path }) => atValue(path, 'carries credentials, which are not sent along; name another header'));
  if (all.length <= FACTS_MAX) return secret;
  return [...secret, atKey(facts.path, `names ${all.length} facts; ${FACTS_MAX} are the most`)];
}

const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie']);
const FACTS_MAX = 16;

function checkTokenParameter(introspection: Raw): readonly Finding[] {
  const parameter = at(introspection, 'tokenParameter');
  const name = textOf(parameter);
  if (name === null || name === 'token' || name === 'access_token') return [];
  if (ENQUIRY_PARAMETERS.has(name))
    return [atValue(parameter.path, `${quoted(name)} is sent by the enquiry itself; choose another`)];
  const isTaken =
    isGiven(at(introspection, 'params', name)) || isGiven(at(introspection, 'facts', 'params', name));
  return isTaken
    ? [atValue(parameter.path, `${quoted(name)} is the name of another parameter, too; keep one`)]
    : [];
}
