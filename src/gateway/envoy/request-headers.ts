import type { RequestHeaders } from '../../domain/index.ts';

/**
 * The header section of a checked request, left in the bytes it came in.
 *
 * In: where each name and value lies. Out: text of those that somebody asks for.
 * Never: a string for a header that nobody asked for.
 */
export interface HeaderSpans {
  readonly bytes: Buffer;
  /** From the protobuf map `headers`: four numbers each, start and end of the name, start and end of the value. */
  readonly mapped: readonly number[];
  /** From `header_map`, in the same form. */
  readonly listed: readonly number[];
  readonly oddNames: readonly string[];
}

export const createRequestHeaders = (spans: HeaderSpans): RequestHeaders => new WireHeaders(spans);

const NOTHING: readonly string[] = Object.freeze([]);
const SPAN = 4;

// A class, for once: accessors of a prototype are there already, those of an object literal are made anew for each
// request, which costs twenty times as much (half a microsecond).
class WireHeaders implements RequestHeaders {
  readonly oddNames: readonly string[];
  readonly #spans: HeaderSpans;
  #names: readonly string[] | null = null;

  constructor(spans: HeaderSpans) {
    this.#spans = spans;
    this.oddNames = spans.oddNames;
  }

  values(name: string): readonly string[] {
    const { bytes, mapped, listed } = this.#spans;
    const fromMap = lastOfEachSpelling(bytes, mapped, spansNamed(bytes, mapped, name));
    const fromList = spansNamed(bytes, listed, name).map((span) => valueAt(bytes, listed, span));
    if (fromList.length === 0) return fromMap;
    return fromMap.length === 0 ? fromList : [...fromMap, ...fromList];
  }

  get names(): readonly string[] {
    const { bytes, mapped, listed } = this.#spans;
    this.#names ??= [...namesOf(bytes, mapped), ...namesOf(bytes, listed)];
    return this.#names;
  }
}

/** Lower-cases ASCII letters and leaves other bytes as they are. */
export function lowerCased(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const NO_SPANS: readonly number[] = Object.freeze([]);

function spansNamed(bytes: Buffer, spans: readonly number[], name: string): readonly number[] {
  let found: number[] | null = null;
  for (let span = 0; span < spans.length; span += SPAN) {
    if (!isNamed(bytes, spans[span] ?? 0, spans[span + 1] ?? 0, name)) continue;
    if (found === null) found = [span];
    else found.push(span);
  }
  return found ?? NO_SPANS;
}

/** A key that appears twice in a protobuf map counts once, with its last value. `A` and `a` are two keys. */
function lastOfEachSpelling(
  bytes: Buffer,
  spans: readonly number[],
  found: readonly number[],
): readonly string[] {
  const [only, ...others] = found;
  if (only === undefined) return NOTHING;
  if (others.length === 0) return [valueAt(bytes, spans, only)];

  const values = new Map<string, string>();
  for (const span of found) values.set(nameAt(bytes, spans, span), valueAt(bytes, spans, span));
  return [...values.values()];
}

function namesOf(bytes: Buffer, spans: readonly number[]): readonly string[] {
  const names: string[] = [];
  for (let span = 0; span < spans.length; span += SPAN) names.push(lowerCased(nameAt(bytes, spans, span)));
  return names;
}

function isNamed(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    const byte = bytes[start + index] ?? 0;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
}

function nameAt(bytes: Buffer, spans: readonly number[], span: number): string {
  return bytes.toString('latin1', spans[span], spans[span + 1]);
}

function valueAt(bytes: Buffer, spans: readonly number[], span: number): string {
  return bytes.toString('latin1', spans[span + 2], spans[span + 3]);
}
