/**
 * A mark as the text that replicas send each other, and back.
 *
 * In: a mark, or a text from a store that anybody may write to. Out: the other; `null` for what no replica of ours made.
 * Never: a mark believed that was not sealed with a key of this deployment under its own id; a subject, a session or
 * anything else of a mark in a readable form.
 */
import { epochMilliseconds, type Json, type JsonObject, type Matcher, type Seal } from '../domain/index.ts';
import { CONDITIONS, EVERYTHING, type Mark } from './mark.ts';

const VERSION = 1;
const ID = /^[0-9a-f]{32}$/;
/** Of a text: of the longest values that the admin door takes, and some more. */
const LONGEST = 64 * 1024;

/** The id comes first and in clear, so that what is known is passed over unopened. */
export function writeMark({ id, madeAt, matcher }: Mark, seal: Seal): string {
  const asked = CONDITIONS.flatMap((condition) => {
    const wanted = matcher[condition];
    return wanted === null ? [] : [[condition, wanted] as const];
  });
  const plain = JSON.stringify({ version: VERSION, madeAt, matcher: Object.fromEntries(asked) });
  return `${id}.${seal.seal(nameOf(id), Buffer.from(plain)).toString('base64')}`;
}

export function idOf(text: string): string | null {
  const id = text.slice(0, text.indexOf('.'));
  return ID.test(id) ? id : null;
}

/** @param seals of every key that a replica may use now. */
export function readMark(text: string, seals: readonly Seal[]): Mark | null {
  const id = text.length > LONGEST ? null : idOf(text);
  if (id === null) return null;
  const sealed = Buffer.from(text.slice(id.length + 1), 'base64');
  for (const seal of seals) {
    const plain = seal.open(nameOf(id), sealed);
    if (plain !== null) return markOf(id, plain);
  }
  return null;
}

function nameOf(id: string): string {
  return `gatehouse:1:mark:${id}`;
}

/**
 * Sealed by a replica of ours, perhaps a newer one. Conditions that are not known here are left out, and of another
 * version all are: that forgets more than was meant, and never less.
 */
function markOf(id: string, plain: Buffer): Mark | null {
  const read: unknown = JSON.parse(plain.toString('utf8'));
  if (!isObject(read)) return null;
  const { version, madeAt, matcher } = read;
  if (typeof madeAt !== 'number' || !Number.isSafeInteger(madeAt)) return null;
  const isReadable = version === VERSION && isObject(matcher);
  return { id, madeAt: epochMilliseconds(madeAt), matcher: isReadable ? matcherOf(matcher) : EVERYTHING };
}

function matcherOf(read: JsonObject): Matcher {
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : null);
  const fingerprints = read['fingerprints'];
  const texts = Array.isArray(fingerprints) ? fingerprints.filter((one) => typeof one === 'string') : [];
  return {
    fingerprints: texts.length === 0 ? null : texts,
    tokenId: text(read['tokenId']),
    session: text(read['session']),
    subject: text(read['subject']),
    clientId: text(read['clientId']),
    issuer: text(read['issuer']),
    tenant: text(read['tenant']),
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
