import { fail, type Result, succeed, type TokenForm } from '../domain/index.ts';
import { accepts, type Automaton, compileAutomaton, overlapping } from './automaton.ts';
import { parseTokenPattern, parseTokenPrefix, type PatternNode } from './token-pattern.ts';

/** What the tokens of a client look like, compiled. */
export interface CompiledTokenForm {
  readonly fits: (token: string) => boolean;
  readonly automaton: Automaton;
}

/** The failure completes a sentence about the pattern. */
export function compileTokenForm(form: TokenForm): Result<CompiledTokenForm, string> {
  const node = nodeOf(form);
  if (!node.ok) return node;
  const automaton = compileAutomaton(node.value);
  if (automaton === null) return fail('is too complicated; repeat less, or name prefixes');
  return succeed({ automaton, fits: (token) => accepts(automaton, token) });
}

/** Whether some token has both forms. */
export function formsOverlap(one: CompiledTokenForm, other: CompiledTokenForm): boolean {
  return overlapping(one.automaton, other.automaton);
}

function nodeOf(form: TokenForm): Result<PatternNode, string> {
  if (form.kind === 'pattern') return parseTokenPattern(form.pattern);
  const arms: PatternNode[] = [];
  for (const prefix of form.prefixes) {
    const arm = parseTokenPrefix(prefix);
    if (!arm.ok) return arm;
    arms.push(arm.value);
  }
  return succeed({ kind: 'choice', arms });
}
