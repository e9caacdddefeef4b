import { atValue, type Finding } from '../finding.ts';
import { parseDuration } from '../schema/quantities.ts';
import { at, entriesOf, type Raw, textOf } from './raw.ts';

/** How long answers are kept, where several keys say something about it. */
export function checkLifetimes(root: Raw): readonly Finding[] {
  return entriesOf(at(root, 'clients')).flatMap((client) =>
    ['active', 'inactive'].flatMap((which) => checkShorter(at(client, 'cache', which, 'max'), root, which)),
  );
}

function checkShorter(own: Raw, root: Raw, which: string): readonly Finding[] {
  const [ownMs, allMs] = [own, at(root, 'cache', which, 'max')].map((raw) =>
    parseDuration(textOf(raw) ?? ''),
  );
  if (ownMs == null || allMs == null || ownMs <= allMs) return [];
  return [
    atValue(
      own.path,
      `is longer than \`cache.${which}.max\`, which holds for all clients; raise that, and shorten the other clients`,
    ),
  ];
}
