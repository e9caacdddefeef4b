import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';

import {
  type ClientContext,
  type Clock,
  type DocumentShelf,
  epochMilliseconds,
  type EpochMilliseconds,
  milliseconds,
} from '../../domain/index.ts';

/** Copies of metadata documents outside of this process, for a restart during an outage. */
export interface DocumentCopies {
  /** The bytes as the server sent them; `null`: there are none. To be read as strictly as if they came from it now. */
  recall(client: ClientContext): Promise<Buffer | null>;
  /** Keeps what was fetched just now. */
  keep(client: ClientContext, document: Buffer): Promise<void>;
}

/**
 * In: documents as they came. Out: the same bytes for the same client, with what leads to its server unchanged.
 * Never: an older document in place of a newer one that another replica kept.
 */
export function createDocumentCopies(shelf: DocumentShelf, clock: Pick<Clock, 'now'>): DocumentCopies {
  return {
    async recall(client) {
      const copy = await shelf.recall(nameFor(client));
      return copy === null ? null : (read(copy)?.document ?? null);
    },
    async keep(client, document) {
      const name = nameFor(client);
      const fetchedAt = clock.now();
      const there = await shelf.recall(name);
      const isNewer = there !== null && (read(there)?.fetchedAt ?? 0) > fetchedAt;
      if (!isNewer) await shelf.keep(name, write(fetchedAt, document), KEEP_FOR);
    },
  };
}

/** Over a long weekend and the week after it. */
const KEEP_FOR = milliseconds(14 * 24 * 3_600_000);

/** Whoever trusts other authorities, or goes another way, has not seen the same server. */
function nameFor({ name, issuer, metadataUrl, connectTo, proxy, tls, allowHttp }: ClientContext): string {
  const way = proxy?.kind === 'named' ? proxy.proxy.origin : (proxy?.kind ?? null);
  const facts = [name, issuer, metadataUrl, connectTo, way, tls.ca, tls.minVersion, allowHttp];
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64url');
}

interface Copy {
  readonly fetchedAt: EpochMilliseconds;
  readonly document: Buffer;
}

function write(fetchedAt: EpochMilliseconds, document: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeBigUInt64BE(BigInt(Math.trunc(fetchedAt)));
  return Buffer.concat([head, document]);
}

function read(copy: Buffer): Copy | null {
  if (copy.length <= HEAD_BYTES) return null;
  const fetchedAt = epochMilliseconds(Number(copy.readBigUInt64BE()));
  return { fetchedAt, document: copy.subarray(HEAD_BYTES) };
}

const HEAD_BYTES = 8;
