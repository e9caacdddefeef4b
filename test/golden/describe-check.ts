import {
  isJsonObject,
  type Json,
  monotonicMilliseconds,
  type RequestContext,
} from '../../src/domain/index.ts';

/** For reading golden messages; what they show does not depend on it. */
export const AT_THE_DOOR = { waitUntil: monotonicMilliseconds(0), trustedHops: 0 };

/** A decoded check in the form of the golden files: everything that rules can see of it, as plain JSON. */
export function describeCheck(check: RequestContext): object {
  const { requestId, method, path, host, scheme, headers, contextExtensions } = check;
  const { clientAddress, serverName, peerPrincipal, routeMetadata, filterMetadata } = check;
  return {
    requestId,
    method,
    path,
    host,
    scheme,
    headers: Object.fromEntries(headers.names.map((name) => [name, headers.values(name)])),
    oddNames: headers.oddNames,
    contextExtensions: Object.fromEntries([...contextExtensions].map((entry) => entry.map(textOf))),
    clientAddress,
    serverName,
    peerPrincipal: peerPrincipal === null ? null : textOf(peerPrincipal),
    routeMetadata: readable(routeMetadata),
    filterMetadata: readable(filterMetadata),
  };
}

/** The golden files are for people to read. */
const textOf = (byteString: string): string => Buffer.from(byteString, 'latin1').toString('utf8');

function readable(value: Json): Json {
  if (typeof value === 'string') return textOf(value);
  if (isJsonObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [textOf(name), readable(member)]),
    );
  return Array.isArray(value) ? value.map(readable) : value;
}
