import { fail, type Refusal, type Result, succeed } from '../../../domain/index.ts';
import type { OriginalRequest } from '../profile.ts';
import { denied } from '../refusals.ts';
import { type Fields, onlyValue } from '../request-headers.ts';
import { forwardedScheme } from './forwarded-scheme.ts';

/** The headers in which a front tells what its client asked. */
export interface CarryingHeaders {
  readonly uri: string;
  readonly method: string;
  readonly host: string;
  /** Whether it tells the scheme in X-Forwarded-Proto. */
  readonly tellsScheme: boolean;
  /** A file that shows how the front is told to send them. */
  readonly example: string;
}

/** The original request, when each header that carries it was sent exactly once. There is no second place to look. */
export function carriedRequest(fields: Fields, headers: CarryingHeaders): Result<OriginalRequest, Refusal> {
  const path = onlyCarried(fields, headers.uri);
  const method = onlyCarried(fields, headers.method);
  const host = onlyCarried(fields, headers.host);
  if (path === null) return originalRequestUnknown(headers.uri, headers.example);
  if (method === null) return originalRequestUnknown(headers.method, headers.example);
  if (host === null) return originalRequestUnknown(headers.host, headers.example);
  return succeed({ method, path, host, scheme: headers.tellsScheme ? forwardedScheme(fields) : null });
}

/** The front did not say what was asked. */
export function originalRequestUnknown(header: string, example: string): Result<never, Refusal> {
  const detail = `${header} must be sent exactly once; see ${example}`;
  return fail(denied('original_request_unknown', detail));
}

function onlyCarried(fields: Fields, header: string): string | null {
  return onlyValue(fields, header.toLowerCase());
}
