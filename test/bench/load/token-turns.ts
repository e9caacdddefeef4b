import type { TokenMix } from './job.ts';

/** A token to ask about, by kind and number. */
export interface Turn {
  readonly kind: 'known' | 'fresh' | 'invented';
  readonly number: number;
}

/** Invented tokens have numbers that no good one has. */
const INVENTED_FROM = 50_000_000;

/**
 * Which token comes next: known ones in turn, others spread evenly between them by their share.
 * `null`: each known token had its turn and the job was to go through them once.
 */
export function createTokenTurns(mix: TokenMix): () => Turn | null {
  const { first, count } = mix.known;
  let turn = 0;
  let owedFresh = 0;
  let owedInvented = 0;
  let fresh = mix.newFirst;
  // Other jobs of the same run must not meet the same inventions again.
  let invented = INVENTED_FROM + mix.newFirst;

  return () => {
    owedInvented += mix.invented;
    if (owedInvented >= 1) {
      owedInvented -= 1;
      return { kind: 'invented', number: invented++ };
    }
    owedFresh += mix.fresh;
    if (owedFresh >= 1) {
      owedFresh -= 1;
      return { kind: 'fresh', number: fresh++ };
    }
    if (mix.order === 'once' && turn === count) return null;
    const number = first + (turn % count);
    turn += 1;
    return { kind: 'known', number };
  };
}
