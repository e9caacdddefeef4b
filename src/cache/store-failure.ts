/** How a call of the shared store failed, apart from running out of time. */
export type StoreFailure = 'unavailable' | 'full' | 'read_only' | 'error';

/** Classes of `@redis/client`, by name: its code is loaded only where there is a Redis, and a store from code may bring its own. */
const CONNECTION_ERRORS: ReadonlySet<string> = new Set([
  'ClientClosedError',
  'ClientOfflineError',
  'ConnectionTimeoutError',
  'DisconnectsClientError',
  'RootNodesUnavailableError',
  'SocketClosedUnexpectedlyError',
  'SocketTimeoutError',
]);

/**
 * `unavailable`: there is no connection. `full`: no room for another entry. `read_only`: a replica that takes no
 * entries. `error`: the store refused otherwise, or something else is wrong.
 */
export function storeFailureOf(cause: unknown): StoreFailure {
  if (isSystemError(cause)) return 'unavailable';
  if (!(cause instanceof Error)) return 'error';
  const classes = classesOf(cause);
  if (classes.some((name) => CONNECTION_ERRORS.has(name))) return 'unavailable';
  return classes.includes('ErrorReply') ? refusalOf(cause.message) : 'error';
}

/** The class of an error and those that it is derived from, by name. */
function classesOf(error: Error): readonly string[] {
  const names: string[] = [];
  for (let of: unknown = error; of instanceof Error; of = Object.getPrototypeOf(of))
    names.push(of.constructor.name);
  return names;
}

function refusalOf(message: string): StoreFailure {
  if (message.startsWith('OOM ')) return 'full';
  if (message.startsWith('READONLY ')) return 'read_only';
  // A part of a Cluster, or a server that is still reading its data.
  return /^(?:CLUSTERDOWN|LOADING|MASTERDOWN|TRYAGAIN) /.test(message) ? 'unavailable' : 'error';
}

/** Node's own errors of sockets and name resolution carry the call that failed. */
function isSystemError(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'syscall' in cause;
}
