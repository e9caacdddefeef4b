import { type Milliseconds, milliseconds } from '../../domain/index.ts';
import type { AnswerHeaders } from '../connection/exchange.ts';

/**
 * How long a document is used before it is fetched again: `max-age` less `Age` (RFC 9111 section 4.2), never under a
 * minute or over a day (or another cap), a quarter of an hour when the server does not say.
 */
export function refreshAfter(headers: AnswerHeaders, cap: Milliseconds = CAP): Milliseconds {
  const maxAge = maxAgeOf(headers['cache-control']);
  if (maxAge === null) return STANDARD;
  const left = (maxAge - ageOf(headers['age'])) * 1000;
  return milliseconds(Math.min(Math.max(left, FLOOR), cap));
}

export const FLOOR = milliseconds(60_000);
const STANDARD = milliseconds(15 * 60_000);
const CAP = milliseconds(24 * 3_600_000);

function maxAgeOf(cacheControl: string | readonly string[] | undefined): number | null {
  const directives = [cacheControl ?? []].flat().join(',').split(',');
  for (const directive of directives) {
    const [, digits] = /^\s*max-age\s*=\s*"?([0-9]{1,15})"?\s*$/i.exec(directive) ?? [];
    if (digits !== undefined) return Number(digits);
  }
  return null;
}

function ageOf(age: string | readonly string[] | undefined): number {
  return typeof age === 'string' && /^\s*[0-9]{1,15}\s*$/.test(age) ? Number(age) : 0;
}
