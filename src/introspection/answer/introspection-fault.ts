import { type Fault, fault, type FaultReason, type Seconds, seconds } from '../../domain/index.ts';
import type { AnswerHeaders } from '../connection/exchange.ts';

/** A fault of this room. */
export interface IntrospectionFault extends Fault {
  /** Whether waiting will not help: a setting is wrong, ours or the server's. Left out where the reason says it. */
  readonly settingsAtFault?: boolean;
  /** Of refused credentials: whether the server said `invalid_client`, which leaves no doubt. */
  readonly isOurClientNamed?: boolean;
}

/**
 * Whether a fault speaks of wrong settings rather than of an outage (design section 4): the metadata is not where it
 * should be or is not ours, or our credentials are refused. One refusal of credentials may still be a hiccup.
 */
export function isWrongSetting(found: Fault): boolean {
  if (found.reason === 'metadata_invalid' || found.reason === 'credentials_refused') return true;
  return 'settingsAtFault' in found && found.settingsAtFault === true;
}

export function settingsFault(reason: FaultReason, detail: string | null = null): IntrospectionFault {
  return { ...fault(reason, detail), settingsAtFault: true };
}

/** With what the server asked us to wait, when it gave a length (RFC 9110 section 10.2.3); a date is not used. */
export function faultWithRetry(
  reason: FaultReason,
  detail: string,
  headers: AnswerHeaders,
): IntrospectionFault {
  const retryAfter = readRetryAfter(headers['retry-after']);
  return retryAfter === null ? fault(reason, detail) : { ...fault(reason, detail), retryAfter };
}

function readRetryAfter(value: string | readonly string[] | undefined): Seconds | null {
  if (typeof value !== 'string' || !/^\s*[0-9]{1,6}\s*$/.test(value)) return null;
  return seconds(Math.min(Number(value), DAY_SECONDS));
}

const DAY_SECONDS = 86_400;
