import { ENQUIRY_PARAMETERS, isEnquiryHeader } from '../../domain/index.ts';
import { atKey, atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { checkSameNames } from './routes.ts';
import { at, entriesOf, isGiven, type Raw, textOf } from './raw.ts';

/** What goes along with a token: nothing that the enquiry writes itself, and nothing twice. */
export function checkEnquiry(introspection: Raw): readonly Finding[] {
  const headers = at(introspection, 'headers');
  return [
    ...checkTokenParameter(introspection),
    ...entriesOf(at(introspection, 'params'))
      .filter(({ key }) => ENQUIRY_PARAMETERS.has(key))
      .map(({ key, path }) => atKey(path, `${quoted(key)} is sent by the enquiry itself; remove it here`)),
    ...entriesOf(headers)
      .filter(({ key }) => isEnquiryHeader(key))
      .map(({ key, path }) => atKey(path, `${quoted(key)} belongs to the enquiry itself; remove it here`)),
    ...checkSameNames(headers),
  ];
}

function checkTokenParameter(introspection: Raw): readonly Finding[] {
  const parameter = at(introspection, 'tokenParameter');
  const name = textOf(parameter);
  if (name === null || name === 'token' || name === 'access_token') return [];
  if (ENQUIRY_PARAMETERS.has(name))
    return [atValue(parameter.path, `${quoted(name)} is sent by the enquiry itself; choose another`)];
  return isGiven(at(introspection, 'params', name))
    ? [atValue(parameter.path, `${quoted(name)} is the name of one of \`params\`, too; keep one`)]
    : [];
}
