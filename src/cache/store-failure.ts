import {
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  ErrorReply,
  RootNodesUnavailableError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
} from '@redis/client';

/** How a call of the shared store failed, apart from running out of time. */
export type StoreFailure = 'unavailable' | 'full' | 'read_only' | 'error';

const CONNECTION_ERRORS = [
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  RootNodesUnavailableError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
];

/**
 * `unavailable`: there is no connection. `full`: no room for another entry. `read_only`: a replica that takes no
 * entries. `error`: the store refused otherwise, or something else is wrong.
 */
export function storeFailureOf(cause: unknown): StoreFailure {
  if (CONNECTION_ERRORS.some((connectionError) => cause instanceof connectionError)) return 'unavailable';
  if (isSystemError(cause)) return 'unavailable';
  return cause instanceof ErrorReply ? refusalOf(cause.message) : 'error';
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
