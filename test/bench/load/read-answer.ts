import type { Buffer } from 'node:buffer';

export type Verdict = 'allowed' | 'denied' | 'unavailable' | 'unreadable';

/** CheckResponse: status = 1 (google.rpc.Status), denied_response = 2, ok_response = 3. */
const STATUS = 0x0a;
const DENIED = 0x12;
const OK = 0x1a;
/** google.rpc.Code for what is answered by 503 and 429. */
const UNAVAILABLE: ReadonlySet<number> = new Set([14, 8]);

/** Which answer a CheckResponse gives, by its top-level fields alone: cheap enough for every answer of a load. */
export function readVerdict(message: Buffer): Verdict {
  let at = 0;
  let code = 0;
  let verdict: Verdict = 'unreadable';
  while (at < message.length) {
    const tag = message[at];
    const [length, begin] = readLength(message, at + 1);
    if (tag === STATUS && length > 1 && message[begin] === 0x08) code = message[begin + 1] ?? 0;
    else if (tag === OK) verdict = 'allowed';
    else if (tag === DENIED) verdict = 'denied';
    at = begin + length;
  }
  if (at !== message.length) return 'unreadable';
  if (verdict === 'allowed') return code === 0 ? 'allowed' : 'unreadable';
  return verdict === 'denied' && UNAVAILABLE.has(code) ? 'unavailable' : verdict;
}

function readLength(bytes: Buffer, at: number): readonly [length: number, begin: number] {
  let value = 0;
  for (let shift = 0, index = at; index < bytes.length; shift += 7, index += 1) {
    const byte = bytes[index] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, index + 1];
  }
  return [Number.POSITIVE_INFINITY, bytes.length];
}
