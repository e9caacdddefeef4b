import { type Fields, onlyValue } from '../request-headers.ts';

/** The scheme the front says the client used; `null` when it does not say exactly one. */
export function forwardedScheme(fields: Fields): string | null {
  const scheme = onlyValue(fields, 'x-forwarded-proto')?.toLowerCase() ?? null;
  return scheme !== null && /^[a-z][a-z0-9+.-]*$/.test(scheme) ? scheme : null;
}
