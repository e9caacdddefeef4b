import { isJsonObject, type Json, type RequestContext, type RouteMatch } from '../domain/index.ts';
import { type AddressRange, holdsRange, isInRange, parseAddressRange } from './address-range.ts';
import { byteString } from './byte-string.ts';
import { canonicalHost } from './canonical-host.ts';
import { coversHost, type HostPattern, matchesHost, overlapsHost, parseHostPattern } from './host-pattern.ts';

/** What a rule demands of a request besides host and path. An empty list demands nothing. */
export interface RestOfMatch {
  /** `null`: any. HEAD is among them where GET is. */
  readonly methods: ReadonlySet<string> | null;
  readonly headers: readonly Named[];
  readonly context: readonly Named[];
  readonly serverNames: readonly HostPattern[];
  readonly addresses: readonly AddressRange[];
  /** `null`: any. */
  readonly principals: ReadonlySet<string> | null;
  readonly metadata: readonly Named[];
}

/** Byte strings, as requests carry them. */
interface Named {
  /** Of metadata; otherwise empty. */
  readonly source: 'routeMetadata' | 'filterMetadata' | '';
  readonly namespace: string;
  readonly name: string;
  readonly values: ReadonlySet<string>;
}

/** @throws Error for a server name or an address range that is none; the settings have been looked at before. */
export function compileRest(match: RouteMatch): RestOfMatch {
  return {
    methods: match.methods.length === 0 ? null : withHead(match.methods),
    headers: named(match.headers, { spell: (name) => name.toLowerCase() }),
    context: named(match.context, { spell: byteString }),
    serverNames: match.serverNames.map(serverNamePattern),
    addresses: match.clientAddresses.map(addressRange),
    principals: match.peerPrincipals.length === 0 ? null : new Set(match.peerPrincipals.map(byteString)),
    metadata: (['routeMetadata', 'filterMetadata'] as const).flatMap((source) =>
      [...match[source]].flatMap(([namespace, demanded]) =>
        named(demanded, { spell: byteString, namespace: byteString(namespace), source }),
      ),
    ),
  };
}

/** Whether the rest demands nothing, so that it fits every request. */
export function fitsAlways(rest: RestOfMatch): boolean {
  return conditionsIn(rest) === 0;
}

/** How many things the rest demands. */
export function conditionsIn(rest: RestOfMatch): number {
  const { methods, headers, context, serverNames, addresses, principals, metadata } = rest;
  return (
    (methods === null ? 0 : 1) +
    headers.length +
    context.length +
    (serverNames.length === 0 ? 0 : 1) +
    (addresses.length === 0 ? 0 : 1) +
    (principals === null ? 0 : 1) +
    metadata.length
  );
}

export function fits(
  { methods, headers, context, serverNames, addresses, principals, metadata }: RestOfMatch,
  request: RequestContext,
): boolean {
  if (methods !== null && !methods.has(request.method)) return false;
  return (
    headers.every(({ name, values }) => {
      // Exactly once: of two values, or of two joined by a gateway, the upstream may read the other one.
      const found = request.headers.values(name);
      return found.length === 1 && found[0] !== undefined && values.has(found[0]);
    }) &&
    context.every(({ name, values }) => {
      const found = request.contextExtensions.get(name);
      return found !== undefined && values.has(found);
    }) &&
    (serverNames.length === 0 || isAmong(serverNames, request.serverName)) &&
    (addresses.length === 0 || isInside(addresses, request.clientAddress)) &&
    (principals === null || (request.peerPrincipal !== null && principals.has(request.peerPrincipal))) &&
    // Behind the others, for it may have to be read first.
    (metadata.length === 0 || metadata.every((demanded) => holds(request, demanded)))
  );
}

function isAmong(patterns: readonly HostPattern[], serverName: string | null): boolean {
  const name = serverName === null ? null : canonicalHost(serverName);
  return name !== null && patterns.some((pattern) => matchesHost(pattern, name));
}

function isInside(ranges: readonly AddressRange[], address: string | null): boolean {
  return address !== null && isInRange(ranges, address);
}

function holds(request: RequestContext, { source, namespace, name, values }: Named): boolean {
  const found = source === '' ? undefined : request[source][namespace];
  const text = isJsonObject(found) ? textOf(found[name]) : null;
  return text !== null && values.has(text);
}

/** Gateways write numbers and truth values where their settings do not quote them. */
function textOf(value: Json | undefined): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** Whether `wide` fits every request that `narrow` fits. */
export function coversRest(wide: RestOfMatch, narrow: RestOfMatch): boolean {
  return (
    (wide.methods === null || (narrow.methods !== null && isSubset(narrow.methods, wide.methods))) &&
    coversNamed(wide.headers, narrow.headers) &&
    coversNamed(wide.context, narrow.context) &&
    coversServerNames(wide.serverNames, narrow.serverNames) &&
    coversRanges(wide.addresses, narrow.addresses) &&
    (wide.principals === null ||
      (narrow.principals !== null && isSubset(narrow.principals, wide.principals))) &&
    coversNamed(wide.metadata, narrow.metadata)
  );
}

/** Whether some request fits both. */
export function mayBothFit(one: RestOfMatch, other: RestOfMatch): boolean {
  return (
    (one.methods === null || other.methods === null || isMeeting(one.methods, other.methods)) &&
    meetsNamed(one.headers, other.headers) &&
    meetsNamed(one.context, other.context) &&
    meetsServerNames(one.serverNames, other.serverNames) &&
    meetsRanges(one.addresses, other.addresses) &&
    (one.principals === null || other.principals === null || isMeeting(one.principals, other.principals)) &&
    meetsNamed(one.metadata, other.metadata)
  );
}

function coversServerNames(wide: readonly HostPattern[], narrow: readonly HostPattern[]): boolean {
  if (wide.length === 0) return true;
  return narrow.length > 0 && narrow.every((name) => wide.some((other) => coversHost(other, name)));
}

function meetsServerNames(ones: readonly HostPattern[], others: readonly HostPattern[]): boolean {
  if (ones.length === 0 || others.length === 0) return true;
  return ones.some((one) => others.some((other) => overlapsHost(one, other)));
}

function coversRanges(wide: readonly AddressRange[], narrow: readonly AddressRange[]): boolean {
  if (wide.length === 0) return true;
  return narrow.length > 0 && narrow.every((range) => wide.some((other) => holdsRange(other, range)));
}

function meetsRanges(ones: readonly AddressRange[], others: readonly AddressRange[]): boolean {
  if (ones.length === 0 || others.length === 0) return true;
  return ones.some((one) => others.some((other) => holdsRange(one, other) || holdsRange(other, one)));
}

function meetsNamed(ones: readonly Named[], others: readonly Named[]): boolean {
  return ones.every((one) =>
    others.every((other) => !isSameName(one, other) || isMeeting(one.values, other.values)),
  );
}

function isMeeting(ones: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...ones].some((value) => others.has(value));
}

function coversNamed(wide: readonly Named[], narrow: readonly Named[]): boolean {
  return wide.every((one) =>
    narrow.some((other) => isSameName(one, other) && isSubset(other.values, one.values)),
  );
}

function isSameName(one: Named, other: Named): boolean {
  return one.name === other.name && one.namespace === other.namespace && one.source === other.source;
}

function isSubset(narrow: ReadonlySet<string>, wide: ReadonlySet<string>): boolean {
  return [...narrow].every((value) => wide.has(value));
}

function withHead(methods: readonly string[]): ReadonlySet<string> {
  return new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods);
}

function named(
  demanded: ReadonlyMap<string, readonly string[]>,
  {
    spell,
    namespace = '',
    source = '',
  }: Pick<Partial<Named>, 'namespace' | 'source'> & {
    readonly spell: (name: string) => string;
  },
): readonly Named[] {
  return [...demanded].map(([name, values]) => ({
    source,
    namespace,
    name: spell(name),
    values: new Set(values.map(byteString)),
  }));
}

function addressRange(text: string): AddressRange {
  const range = parseAddressRange(text);
  if (!range.ok) throw new Error(`match.clientAddresses: "${text}" ${range.failure}`);
  return range.value;
}

function serverNamePattern(text: string): HostPattern {
  const pattern = parseHostPattern(text);
  if (!pattern.ok) throw new Error(`match.serverNames: "${text}" ${pattern.failure}`);
  return pattern.value;
}
