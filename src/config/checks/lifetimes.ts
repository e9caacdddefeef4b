import { atKey, atValue, type Finding } from '../finding.ts';
import { parseDuration } from '../schema/quantities.ts';
import { at, entriesOf, isGiven, itemsOf, type Raw, textOf } from './raw.ts';

/** How long answers are kept, where several keys say something about it. */
export function checkLifetimes(root: Raw): readonly Finding[] {
  return [
    ...entriesOf(at(root, 'clients')).flatMap((client) =>
      ['active', 'inactive'].flatMap((which) => checkShorter(at(client, 'cache', which, 'max'), root, which)),
    ),
    ...itemsOf(at(root, 'routes')).flatMap((route) => checkRoute(route, root)),
  ];
}

function checkRoute(route: Raw, root: Raw): readonly Finding[] {
  const [freshness, stale] = [at(route, 'freshness'), at(route, 'stale')];
  const mode = textOf(at(route, 'mode'));
  const isStale = durationOf(stale) !== 0 && isGiven(stale);
  if (mode === 'public' || mode === 'deny')
    return [...(isGiven(freshness) ? [freshness] : []), ...(isStale ? [stale] : [])].map(({ path }) =>
      atKey(path, `is never looked at in mode ${mode}; remove it, or make the mode required`),
    );

  if (!isStale) return [];
  if (isGiven(freshness))
    return [
      atKey(
        stale.path,
        'stands beside `freshness`, which no answer from before can meet; remove one of them',
      ),
    ];
  if (durationOf(at(root, 'cache', 'active', 'max')) === 0)
    return [atKey(stale.path, 'needs answers that are kept, and `cache.active.max` is 0s')];
  return [];
}

function checkShorter(own: Raw, root: Raw, which: string): readonly Finding[] {
  const [ownMs, allMs] = [durationOf(own), durationOf(at(root, 'cache', which, 'max'))];
  if (ownMs === null || allMs === null || ownMs <= allMs) return [];
  return [
    atValue(
      own.path,
      `is longer than \`cache.${which}.max\`, which holds for all clients; raise that, and shorten the other clients`,
    ),
  ];
}

function durationOf(raw: Raw): number | null {
  return parseDuration(textOf(raw) ?? '');
}
