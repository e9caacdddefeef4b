/**
 * What may pass at all, worked out without a line of the product: the second opinion of the hostile test.
 *
 * In: bytes of a CheckRequest, or what an HTTP front said. Out: the request in them, and whether an allow is thinkable.
 * Never: stricter than proto3 where the product may be lenient; never lenient about a credential.
 */

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Every `authorization` value, one character for each byte. */
  readonly credentials: readonly string[];
}

export interface World {
  /** The only active token. */
  readonly token: string;
  /** Everything at and below is open to all. */
  readonly open: string;
  /** Everything at and below is open to who shows nothing. */
  readonly optional: string;
}

export function mayPass({ method, path, credentials }: Asked, world: World): boolean {
  if (method === 'CONNECT' || method === 'TRACE') return false;
  const plain = plainPath(path);
  if (isAtOrBelow(plain, world.open)) return true;
  if (isAtOrBelow(plain, world.optional) && credentials.length === 0) return true;
  const [credential, ...others] = credentials;
  if (credential === undefined || others.length > 0) return false;
  const [, shown] = /^[ \t]*bearer +([^ \t]+)[ \t]*$/i.exec(credential) ?? [];
  return shown === world.token;
}

function isAtOrBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`);
}

/** As a server reads it that decodes once, merges slashes and resolves dots. */
function plainPath(path: string): string {
  const [raw = ''] = path.split('?');
  const decoded = raw.replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  const segments: string[] = [];
  for (const segment of decoded.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

/** `null`: no CheckRequest. In proto3, messages that come twice are merged, which is to read one behind the other. */
export function readCheck(bytes: Buffer): Asked | null {
  try {
    const http = inside(inside(inside(bytes, 1), 4), 2);
    const mapped = new Map(contents(http, 3).map((entry) => [last(entry, 1), last(entry, 2)]));
    const listed = contents(inside(http, 13), 1).map((entry) => [
      last(entry, 1),
      last(entry, 3) || last(entry, 2),
    ]);
    const credentials = [...mapped, ...listed].filter(([name]) => name?.toLowerCase() === 'authorization');
    return {
      method: last(http, 2),
      path: last(http, 4),
      credentials: credentials.map(([, value]) => value ?? ''),
    };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

class Malformed extends Error {}

const inside = (bytes: Buffer, field: number): Buffer => Buffer.concat(contents(bytes, field));
const last = (bytes: Buffer, field: number): string =>
  contents(bytes, field).at(-1)?.toString('latin1') ?? '';

/** What is in every length-delimited field of this number. Reads, and so checks, the whole message. */
function contents(bytes: Buffer, wanted: number): readonly Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const groups: number[] = [];
  while (at < bytes.length) {
    const tag = varint();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    if (field === 0 || field >= 2 ** 29) throw new Malformed();
    switch (type) {
      case 0:
        varint();
        break;
      case 1:
        skip(8);
        break;
      case 2: {
        const length = varint();
        const start = at;
        skip(length);
        if (field === wanted && groups.length === 0) found.push(bytes.subarray(start, at));
        break;
      }
      case 3:
        groups.push(field);
        break;
      case 4:
        if (groups.pop() !== field) throw new Malformed();
        break;
      case 5:
        skip(4);
        break;
      default:
        throw new Malformed();
    }
  }
  if (groups.length > 0) throw new Malformed();
  return found;

  function varint(): number {
    let value = 0;
    for (let shift = 0; shift < 10; shift += 1) {
      const byte = bytes[at];
      if (byte === undefined) throw new Malformed();
      at += 1;
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw new Malformed();
  }

  function skip(length: number): void {
    at += length;
    if (at > bytes.length) throw new Malformed();
  }
}
