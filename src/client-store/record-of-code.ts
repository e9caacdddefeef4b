import { type ClientStoreSecret, fail, type Result, Secret, succeed } from '../domain/index.ts';

type SecretFunction = Extract<ClientStoreSecret, (...args: never) => unknown>;

/** A record that code has made, in the form of all others. */
export interface RecordOfCode {
  /** JSON. A secret that a function gives is not in it: `PLACEHOLDER` stands in its place. */
  readonly content: Buffer;
  readonly secretFrom: SecretFunction | null;
}

/** As long as any secret has to be; it never leaves the client store. */
const PLACEHOLDER = 'this secret is asked of code when it is needed'.padEnd(64, '.');

/**
 * In: whatever code has returned for a record. Out: its text, or why it is none, reading on after its name.
 * Never: a value left out because JSON does not know it.
 */
export async function recordOfCode(given: unknown): Promise<Result<RecordOfCode, string>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return fail('is not an object; `record` must return one, or null');
  const { clientSecret, ...others } = given as Readonly<Record<string, unknown>>;
  // Any thenable, for promises of other libraries are none of ours.
  const secret: unknown = await clientSecret;
  const secretFrom = typeof secret === 'function' ? (secret as SecretFunction) : null;
  const record = { ...others, ...(secret === undefined ? {} : { clientSecret: textOf(secret) }) };
  try {
    return succeed({ content: Buffer.from(JSON.stringify(record, refusing)), secretFrom });
  } catch (error) {
    return fail(error instanceof UnknownValue ? error.message : 'cannot be written as JSON');
  }
}

function textOf(secret: unknown): unknown {
  if (typeof secret === 'function') return PLACEHOLDER;
  return secret instanceof Secret ? secret.reveal() : secret;
}

class UnknownValue extends Error {
  override readonly name = 'UnknownValue';
}

/** What JSON would leave out, or turn into something else. */
function refusing(this: unknown, member: string, value: unknown): unknown {
  const isPlain =
    typeof value !== 'object' || value === null || Array.isArray(value) || isPrototypeOfPlain(value);
  if (isPlain && !['function', 'symbol', 'bigint'].includes(typeof value)) return value;
  throw new UnknownValue(
    `holds a value under ${JSON.stringify(member)} that is no text, number, list or map; only \`clientSecret\` can be a function`,
  );
}

function isPrototypeOfPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
