import {
  type ClientContext,
  type Fault,
  fault,
  type Milliseconds,
  type Result,
  succeed,
} from '../../domain/index.ts';
import { createDocumentCopies } from './document-copies.ts';
import { type IntrospectionFault, isWrongSetting } from '../answer/introspection-fault.ts';
import type { IntrospectorParts } from '../introspector-parts.ts';
import { loadMetadata, readDocument } from './load-metadata.ts';
import type { ServerMetadata } from './read-metadata.ts';
import { FLOOR } from './refresh-after.ts';

export interface ObtainedMetadata {
  readonly metadata: ServerMetadata;
  readonly refreshAfter: Milliseconds;
  /** Why the server's own document could not be had, so that this is a copy of an earlier one. Left out: it could. */
  readonly insteadOf?: Fault;
}

/**
 * The metadata of a client's issuer: from its server, or, when that cannot be reached and nothing is in hand, from the
 * copy that an earlier process or another replica kept.
 *
 * Never: a copy that is not read as strictly as the server's own document; one in place of what a server that is there
 * says, however wrong.
 */
export async function obtainMetadata(
  client: ClientContext,
  parts: Pick<IntrospectorParts, 'resolveName' | 'proxyFor' | 'documents' | 'clock'>,
  { hasNothing }: { readonly hasNothing: boolean },
): Promise<Result<ObtainedMetadata, IntrospectionFault>> {
  const shelf = parts.documents?.() ?? null;
  const copies = shelf === null ? null : createDocumentCopies(shelf, parts.clock);
  const loaded = await loadMetadata(client, parts);
  if (loaded.ok) {
    void copies?.keep(client, loaded.value.document);
    return loaded;
  }
  if (copies === null || !hasNothing || isWrongSetting(loaded.failure)) return loaded;

  const copy = await copies.recall(client);
  const metadata = copy === null ? null : readDocument(copy, client);
  if (metadata === null || !metadata.ok) return loaded;
  const { reason, detail } = loaded.failure;
  const words = `${detail ?? 'it could not be fetched'}; a copy from the shared store serves meanwhile`;
  return succeed({ metadata: metadata.value, refreshAfter: FLOOR, insteadOf: fault(reason, words) });
}
