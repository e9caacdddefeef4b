/** Puts hosts and paths into the one form in which they are compared, and finds what is meant for a request. */
export { parseAddressRange } from './address-range.ts';
export { areRivals, rivalsAmong } from './are-rivals.ts';
export { canonicalHost } from './canonical-host.ts';
export { canonicalPath, type OpaquePath } from './canonical-path.ts';
export { compileMatch, type CompiledMatch } from './compile-match.ts';
export { compilePatterns, type PatternProblem, type RulePatterns } from './compile-patterns.ts';
export { foldCase } from './fold-case.ts';
export { createHostIndex } from './host-index.ts';
export type { HostPattern } from './host-pattern.ts';
export { compileTokenFilter } from './token-filter.ts';
export { compileTokenForm, type CompiledTokenForm, formsOverlap } from './token-form.ts';
export { parametersOf, type PathParameters, rivalNames } from './path-parameters.ts';
export { parsePathPattern, type PathPattern } from './path-pattern.ts';
export { createMatchIndex } from './match-index.ts';
export { otherReadings, readingsBeside } from './path-readings.ts';
export { createPathTrie } from './path-trie.ts';
export { coversAll, overlaps, reachesBeyond } from './pattern-relations.ts';
export { compileRest, coversRest, fits, fitsAlways, mayBothFit, type RestOfMatch } from './rest-of-match.ts';
