import type { AllowDecision, UpstreamMutations } from '../../domain/index.ts';
import { encodeAllow } from './encode-check-response.ts';

/**
 * Makes the bytes of an allow once and sends them again (decision 13).
 *
 * The same token on the same rule brings the same `mutations` object; when nobody holds that any more, the bytes
 * go too. An allow with strays depends on the request and is made afresh.
 */
export function createEncodeAllow(): (decision: AllowDecision) => Buffer {
  const kept = new WeakMap<UpstreamMutations, Buffer>();

  return function encodeKeptAllow({ mutations, strays }) {
    if (strays.length > 0) return encodeAllow(mutations, strays);
    const known = kept.get(mutations);
    if (known !== undefined) return known;

    const made = encodeAllow(mutations, strays);
    // A copy of its own: the bytes lie in a larger block, which would be kept with them.
    const own = Buffer.allocUnsafeSlow(made.length);
    made.copy(own);
    kept.set(mutations, own);
    return own;
  };
}
