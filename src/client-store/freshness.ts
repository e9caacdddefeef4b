import { type Milliseconds, milliseconds } from '../domain/index.ts';

export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * How long an answer says that it holds: `max-age` less `Age` (RFC 9111 section 4.2), no more than `cap`; nothing where
 * it says nothing, or `no-store` or `no-cache`.
 */
export function freshnessOf(headers: AnswerHeaders, cap: Milliseconds): Milliseconds {
  const directives = [headers['cache-control'] ?? []].flat().join(',').toLowerCase().split(',');
  const words = directives.map((directive) => directive.trim());
  if (words.includes('no-store') || words.includes('no-cache')) return milliseconds(0);
  const [maxAge = 0] = words.flatMap((word) => {
    const [, digits] = /^max-age\s*=\s*"?(\d{1,9})"?$/.exec(word) ?? [];
    return digits === undefined ? [] : [Number(digits)];
  });
  const left = (maxAge - ageOf(headers['age'])) * 1_000;
  return milliseconds(Math.max(0, Math.min(left, cap)));
}

function ageOf(age: string | readonly string[] | undefined): number {
  return typeof age === 'string' && /^\s*\d{1,9}\s*$/.test(age) ? Number(age) : 0;
}
