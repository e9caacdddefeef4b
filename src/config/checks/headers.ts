import { atKey, atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { at, entriesOf, itemsOf, type Raw, textOf } from './raw.ts';
import { dashedName, isManageable, reservedNameIn } from './reserved-headers.ts';

/** Headers that Gatehouse sets and removes on the way to the upstream. */
export function checkHeaders(root: Raw): readonly Finding[] {
  const managed = itemsOf(at(root, 'routes')).flatMap((route) => {
    const anonymous = at(route, 'upstream', 'anonymous');
    const marker = textOf(anonymous);
    return [
      ...entriesOf(at(route, 'upstream', 'headers')),
      ...(marker === null ? [] : [{ ...anonymous, key: marker }]),
    ];
  });
  return [
    ...managed.filter(({ key }) => !isManageable(key)).map(({ key, path }) => atKey(path, unmanageable(key))),
    ...checkSpellings(managed),
    ...checkMarkers(root),
    ...itemsOf(at(root, 'scrub')).flatMap(checkScrub),
  ];
}

/** Upstreams read `x-user`, `X_User` and `x.user` as one name: two of them would overwrite each other. */
function checkSpellings(managed: readonly (Raw & { readonly key: string })[]): readonly Finding[] {
  const spellings = new Map<string, string>();
  return managed.flatMap(({ key, path }) => {
    const dashed = dashedName(key);
    const earlier = spellings.get(dashed);
    if (earlier === undefined) spellings.set(dashed, key);
    if (earlier === undefined || earlier === key) return [];
    const message = `${quoted(key)} and ${quoted(earlier)} differ only in case or separators; write them alike`;
    return [atKey(path, message)];
  });
}

/** What says that there was no token must never be what a token says. */
function checkMarkers(root: Raw): readonly Finding[] {
  const routes = itemsOf(at(root, 'routes'));
  const set = new Set(
    routes.flatMap((route) =>
      entriesOf(at(route, 'upstream', 'headers')).map(({ key }) => key.toLowerCase()),
    ),
  );
  return routes.flatMap((route) => {
    const anonymous = at(route, 'upstream', 'anonymous');
    const name = textOf(anonymous);
    if (name === null || !set.has(name.toLowerCase())) return [];
    return [
      atValue(anonymous.path, `${quoted(name)} is set from answers too; give the marker a name of its own`),
    ];
  });
}

function checkScrub(pattern: Raw): readonly Finding[] {
  const text = textOf(pattern);
  const reserved = text === null ? null : reservedNameIn(text);
  if (text === null || reserved === null) return [];
  const advice =
    reserved === 'authorization' ? 'see `upstream.authorization` of routes' : 'name a narrower family';
  return [atValue(pattern.path, `${quoted(text)} would remove ${reserved} from every request; ${advice}`)];
}

function unmanageable(name: string): string {
  if (dashedName(name) === 'authorization')
    return `${quoted(name)} cannot be set from the answer; see \`upstream.authorization\``;
  return `${quoted(name)} belongs to HTTP or to the gateway and cannot be set; choose another, such as x-auth-subject`;
}
