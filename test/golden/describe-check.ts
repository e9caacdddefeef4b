import type { DecodedCheck } from '../../src/gateway/envoy/decode-check-request.ts';

/** A decoded check in the form of the golden files: everything that rules can see of it, as plain JSON. */
export function describeCheck(check: DecodedCheck): object {
  const { requestId, method, path, host, scheme, headers, contextExtensions } = check;
  return {
    requestId,
    method,
    path,
    host,
    scheme,
    headers: Object.fromEntries(headers.names.map((name) => [name, headers.values(name)])),
    oddNames: headers.oddNames,
    contextExtensions: Object.fromEntries([...contextExtensions].map((entry) => entry.map(textOf))),
  };
}

/** The golden files are for people to read. */
const textOf = (byteString: string): string => Buffer.from(byteString, 'latin1').toString('utf8');
