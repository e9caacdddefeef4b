/**
 * Names a token in the caches without storing it.
 *
 * In: what is asked (kind, identity) and the token. Out: HMAC-SHA-256 over them as 43 characters of base64url.
 * Never: a bare hash, so that a stolen dump does not confirm a guessed token; never the same name for two
 * different triples, for each part is preceded by its length.
 */
import { hash } from 'node:crypto';
import type { AccessToken, CacheKey, CacheKind, NameKeys } from '../domain/index.ts';

/** Input block of SHA-256. */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const LENGTH_BYTES = 4;
/** Room for a usual identity and the longest token; more is made when it is needed. */
const USUAL_MESSAGE_BYTES = 16_384;

/** @param key at most 64 bytes. */
export function createNameKeys(key: Buffer): NameKeys {
  // HMAC written out (RFC 2104) as two one-shot digests over buffers that begin with the padded key: every
  // request is named, and this takes half the time of createHmac with a prepared key.
  const outer = Buffer.concat([padded(key, 0x5c), Buffer.alloc(DIGEST_BYTES)]);
  let inner = Buffer.concat([padded(key, 0x36), Buffer.alloc(USUAL_MESSAGE_BYTES)]);

  return { name };

  function name(kind: CacheKind, identity: Buffer, token: AccessToken): CacheKey {
    const text = token.reveal();
    makeRoomFor(3 * LENGTH_BYTES + maxBytesOf(kind) + identity.length + maxBytesOf(text));

    let end = appendText(BLOCK_BYTES, kind);
    end = appendBytes(end, identity);
    end = appendText(end, text);

    outer.write(hash('sha256', inner.subarray(0, end), 'hex'), BLOCK_BYTES, 'hex');
    return hash('sha256', outer, 'base64url') as CacheKey;
  }

  function makeRoomFor(messageBytes: number): void {
    if (BLOCK_BYTES + messageBytes <= inner.length) return;
    inner = Buffer.concat([inner.subarray(0, BLOCK_BYTES), Buffer.alloc(messageBytes)]);
  }

  function appendBytes(at: number, part: Buffer): number {
    const start = inner.writeUInt32BE(part.length, at);
    return start + part.copy(inner, start);
  }

  function appendText(at: number, part: string): number {
    const start = at + LENGTH_BYTES;
    const length = inner.write(part, start, 'utf8');
    inner.writeUInt32BE(length, at);
    return start + length;
  }
}

function padded(key: Buffer, pad: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, pad);
  for (const [index, byte] of key.entries()) block[index] = byte ^ pad;
  return block;
}

/** No UTF-16 code unit takes more than three bytes of UTF-8. */
function maxBytesOf(text: string): number {
  return text.length * 3;
}
