import { fail, type Result, succeed, type TokenForm } from '../domain/index.ts';
import { accepts, type Automaton, compileAutomaton, overlapping } from './automaton.ts';
import { parseTokenPattern, parseTokenPrefix, type PatternNode } from './token-pattern.ts';

/** What the tokens of a client look like, compiled. */
export interface CompiledTokenForm {
  readonly fits: (token: string) => boolean;
  readonly automaton: Automaton;
}

type Compiled = Result<CompiledTokenForm, string>;

// Settings never change once they are read, and a form is compared with that of every rival and with every token.
const known = new WeakMap<TokenForm, Compiled>();

/** The failure completes a sentence about the pattern. */
export function compileTokenForm(form: TokenForm): Compiled {
  const before = known.get(form);
  if (before !== undefined) return before;
  const compiled = compile(form);
  known.set(form, compiled);
  return compiled;
}

function compile(form: TokenForm): Compiled {
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
