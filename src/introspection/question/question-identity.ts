import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';

import type { ClientContext } from '../../domain/index.ts';
import type { QuestionWording } from './question-wording.ts';

/**
 * Names a question for the cache: the parts of design decision 3.
 *
 * In: the client, where it asks and all that it sends besides the token and our authentication. Out: the same bytes for
 * the same question and for no other. Facts of a request follow it, each as a part, in the order of `factNames`.
 * Never: a secret. Values of headers may be one, so that their digests stand for them.
 */
export function identityOf(client: ClientContext, endpoint: string, wording: QuestionWording): Buffer {
  const { tokenParameter, parameters, headers, factNames } = wording;
  return encodeParts([
    'introspection',
    client.name,
    client.issuer,
    endpoint,
    client.clientId,
    client.introspection.signedAnswers === null ? 'json' : 'jwt',
    String(headers.length),
    ...headers.flatMap(([name, value]) => [name, digestOf(value)]),
    tokenParameter,
    String(parameters.length),
    ...parameters.flat(),
    String(factNames.length),
    ...factNames.flat(),
  ]);
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64');
}

/**
 * Each part with its length before it, so that no two lists read alike; `null` is told from every text by a length that
 * no text has.
 */
export function encodeParts(parts: readonly (string | null)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const text = Buffer.from(part ?? '', 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part === null ? 0xffffffff : text.length);
      return [length, text];
    }),
  );
}
