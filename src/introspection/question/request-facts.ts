import type { Buffer } from 'node:buffer';

import {
  type ClientContext,
  type RequestContext,
  type RequestFact,
  unreachable,
  UnusableRequestError,
} from '../../domain/index.ts';
import { canonicalHost, canonicalPath } from '../../matching/index.ts';
import { formEncode, formEncodeBytes, percentEncoded } from './form-encode.ts';
import { encodeParts } from './question-identity.ts';
import { factsOf } from './question-wording.ts';

/** Facts of one request as they go on the wire. A fact that there is not is not sent, which differs from an empty one. */
export interface SentFacts {
  /** For the identity of the question: every fact, those that there are not included. */
  readonly identity: Buffer;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Continues a form: `&method=GET`, or nothing. */
  readonly form: string;
}

/** @throws UnusableRequestError when a fact cannot be read, or all together are too long. */
export type ReadFacts = (context: RequestContext) => SentFacts;

/**
 * Reads what a client's settings send along of each checked request.
 *
 * In: a request, its texts as byte strings. Out: visible ASCII, from which percent-decoding once gives the same bytes.
 * Never: a fact cut short; more than 8 KiB of them. `null` when the settings name none.
 */
export function createFactsReader({ introspection }: ClientContext): ReadFacts | null {
  const { params, headers } = factsOf(introspection);
  if (params.length + headers.length === 0) return null;

  return (context) => {
    const inForm = params.map(([name, fact]) => ({ name, value: valueOf(fact, context) }));
    const inHeaders = headers.map(([name, fact]) => ({ name, value: valueOf(fact, context) }));
    const values = [...inForm, ...inHeaders].map(({ value }) => value);
    if (values.reduce((sum, value) => sum + (value?.length ?? 0), 0) > LONGEST)
      throw new UnusableRequestError(`What \`introspection.facts\` sends along is over ${LONGEST} bytes.`);
    return {
      identity: encodeParts(values),
      form: inForm
        .map(({ name, value }) => (value === null ? '' : `&${formEncode(name)}=${formEncodeBytes(value)}`))
        .join(''),
      headers: inHeaders.flatMap(({ name, value }) => (value === null ? [] : [name, headerEncode(value)])),
    };
  };
}

/** Hosts and paths in the form in which rules compare them: what was judged here is judged there. */
function valueOf(fact: RequestFact, context: RequestContext): string | null {
  switch (fact.kind) {
    case 'method':
      return context.method;
    case 'host': {
      const host = canonicalHost(context.host);
      if (host === null) throw new UnusableRequestError('The host is empty or not a host name.');
      return host;
    }
    case 'path': {
      const path = canonicalPath(context.path);
      if (path.kind === 'malformed') throw new UnusableRequestError(path.detail);
      return path.path;
    }
    case 'clientAddress':
      return context.clientAddress;
    case 'header': {
      const values = context.headers.values(fact.name);
      // As Envoy joins lines, so that every door asks the same (RFC 9110 section 5.3).
      return values.length === 0 ? null : values.join(',');
    }
    default:
      return unreachable(fact);
  }
}

/** As header values for the upstream are encoded: whatever is not visible ASCII, `%`, and spaces at the ends. */
function headerEncode(value: string): string {
  return value.replace(/[^\x20-\x24\x26-\x7e]|^ +| +$/g, (piece) =>
    Array.from(piece, percentEncoded).join(''),
  );
}

const LONGEST = 8_192;
