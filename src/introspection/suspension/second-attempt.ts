import type { ConnectionFailure } from '../connection/connection-failure.ts';
import type { Exchange } from '../connection/exchange.ts';

/**
 * Whether another attempt may well end better and harms nobody: there was no connection, it died, or a front says that
 * there was nobody behind it. Never after a timeout, nor when the server asks us to wait.
 */
export function deservesAnother(outcome: Exchange): boolean {
  switch (outcome.kind) {
    case 'timeout':
      return false;
    case 'failed':
      return PASSING.has(outcome.failure.kind);
    case 'answered': {
      const { status, headers, body } = outcome.answer;
      if (status === 200) return body.kind === 'cut' && body.cause === 'lost';
      return NOBODY_BEHIND.has(status) && headers['retry-after'] === undefined;
    }
  }
}

const PASSING: ReadonlySet<ConnectionFailure['kind']> = new Set([
  'unresolved',
  'refused',
  'slow',
  'tls',
  'proxy',
  'lost',
  'other',
]);
const NOBODY_BEHIND: ReadonlySet<number> = new Set([502, 503, 504]);
