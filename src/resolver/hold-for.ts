import {
  type Fault,
  type FaultReason,
  type Introspection,
  type Milliseconds,
  milliseconds,
  type Result,
} from '../domain/index.ts';

const HOLD = milliseconds(250);
const NOT_HELD = milliseconds(0);

/**
 * How long an outcome is still handed to newcomers once its enquiry has ended. Answers are for the cache to keep.
 * A fault is held for a moment, so that a token that upsets the server is not asked about in a loop; an enquiry
 * that we ended or refused ourselves says nothing about the server (decision 7).
 */
export function holdFor(outcome: Result<Introspection, Fault>): Milliseconds {
  if (outcome.ok) return NOT_HELD;
  return IS_HELD[outcome.failure.reason] ? HOLD : NOT_HELD;
}

const IS_HELD = {
  internal: false,
  draining: false,
  wait_exceeded: false,
  enquiries_exhausted: false,
  enquiry_budget_spent: false,
  answer_unsendable: false,
  client_secret_unavailable: false,
  client_store_failed: false,
  introspection_timeout: false,
  introspection_suspended: false,
  metadata_unavailable: true,
  metadata_invalid: true,
  introspection_unreachable: true,
  introspection_throttled: true,
  introspection_server_error: true,
  introspection_redirected: true,
  introspection_status: true,
  introspection_content_type: true,
  introspection_compressed: true,
  introspection_too_large: true,
  introspection_unreadable: true,
  call_token_unavailable: true,
  introspection_unsigned: true,
  introspection_signed: true,
  signed_answer_header: true,
  signed_answer_algorithm: true,
  signed_answer_key: true,
  signed_answer_signature: true,
  signed_answer_type: true,
  signed_answer_issuer: true,
  signed_answer_audience: true,
  signed_answer_time: true,
  signed_answer_undecryptable: true,
  signed_answer_unencrypted: true,
  signing_keys_unavailable: true,
  signing_keys_invalid: true,
  credentials_refused: true,
} as const satisfies Record<FaultReason, boolean>;
