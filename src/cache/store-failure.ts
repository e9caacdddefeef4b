import {
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
} from '@redis/client';

/** How a call of the shared store failed, apart from running out of time. */
export type StoreFailure = 'unavailable' | 'error';

const CONNECTION_ERRORS = [
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
];

/** `unavailable`: there is no connection. `error`: the store refused, or something else is wrong. */
export function storeFailureOf(cause: unknown): StoreFailure {
  if (CONNECTION_ERRORS.some((connectionError) => cause instanceof connectionError)) return 'unavailable';
  return isSystemError(cause) ? 'unavailable' : 'error';
}

/** Node's own errors of sockets and name resolution carry the call that failed. */
function isSystemError(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'syscall' in cause;
}
