import { closest } from '../closest.ts';
import { atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { type Raw, textOf } from './raw.ts';

/** A name that should be one of those given elsewhere in the file. */
export function unknownName(
  raw: Raw,
  names: readonly string[],
  what: 'client' | 'requirement',
): readonly Finding[] {
  const text = textOf(raw);
  if (text === null || names.includes(text)) return [];
  const meant = closest(text, names);
  const there = names.length === 0 ? 'there is none' : `there are: ${listed(names)}`;
  const advice = meant === null ? there : `did you mean "${meant}"?`;
  return [atValue(raw.path, `no ${what} is called ${quoted(text)}; ${advice}`)];
}

export function listed(names: readonly string[]): string {
  const first = names.slice(0, 10).map(quoted).join(', ');
  return names.length > 10 ? `${first}, …` : first;
}
