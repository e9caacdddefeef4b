import type { ClientStoreRequest, RequestContext } from '../domain/index.ts';

const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** A request for code of the operator's: nothing in it can be changed, and no credential is handed over. */
export function viewOf(context: RequestContext): ClientStoreRequest {
  const { method, path, host, scheme, headers, contextExtensions } = context;
  return Object.freeze({
    method,
    path,
    host,
    scheme,
    header(name: string) {
      const lower = name.toLowerCase();
      return CREDENTIALS.has(lower) ? [] : [...headers.values(lower)];
    },
    context: (name: string) => contextExtensions.get(name) ?? null,
    // Read only when somebody asks.
    get serverName() {
      return context.serverName;
    },
    get clientAddress() {
      return context.clientAddress;
    },
    get routeMetadata() {
      return structuredClone(context.routeMetadata);
    },
  });
}
