import {
  type AllowDecision,
  type AnswerFor,
  type Decision,
  type UpstreamMutations,
  unreachable,
} from '../../domain/index.ts';
import { encodeAllow, encodeRefusal } from './encode-check-response.ts';

/** Makes the bytes of decisions. */
export interface DecisionEncoder {
  readonly encode: (decision: Decision) => Buffer;
  /** A refusal that says `internal`, made while nothing was wrong: for when no other answer can be made. */
  readonly lastResort: Buffer;
}

export function createDecisionEncoder(answerFor: AnswerFor): DecisionEncoder {
  const kept = new WeakMap<UpstreamMutations, Buffer>();
  return {
    encode,
    lastResort: encodeRefusal(answerFor({ kind: 'fault', reason: 'internal', route: null, detail: null })),
  };

  function encode(decision: Decision): Buffer {
    switch (decision.kind) {
      case 'allow':
        return encodeKeptAllow(decision);
      case 'deny':
      case 'fault':
        return encodeRefusal(answerFor(decision));
      default:
        return unreachable(decision);
    }
  }

  /**
   * Made once and sent again (decision 13): the same token on the same rule brings the same `mutations` object, and
   * when nobody holds that any more, the bytes go too. An allow with strays or a spent
   * credential depends on the request.
   */
  function encodeKeptAllow({ mutations, strays, spent }: AllowDecision): Buffer {
    if (strays.length > 0 || spent !== undefined) return encodeAllow(mutations, strays, spent);
    const known = kept.get(mutations);
    if (known !== undefined) return known;

    const made = encodeAllow(mutations, strays);
    // A copy of its own: the bytes lie in a larger block, which would be kept with them.
    const own = Buffer.allocUnsafeSlow(made.length);
    made.copy(own);
    kept.set(mutations, own);
    return own;
  }
}
