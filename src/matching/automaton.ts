import { TOKEN_CHARACTERS, type PatternNode } from './token-pattern.ts';

/**
 * Decides whether a token has a form: one table look-up for each character, whatever the pattern and the token are.
 * A regular expression of JavaScript cannot promise that: a stranger's token may cost it time without end.
 */
export interface Automaton {
  /** The class of a character by its code; characters of one class are the same to this automaton. -1: not in tokens. */
  readonly classes: Int8Array;
  readonly width: number;
  /** `table[state * width + class]` is the next state; -1: no way on. State 0 is the start. */
  readonly table: Int16Array;
  readonly isFinal: readonly boolean[];
}

const DEAD = -1;
// Comparing two takes a look at every pair of their states.
const STATES_MAX = 512;
const STEPS_MAX = 1_024;

/** Out: `null` for a pattern that needs more states than we keep. */
export function compileAutomaton(node: PatternNode): Automaton | null {
  const steps = stepsOf(node);
  return steps === null ? null : determine(steps);
}

export function accepts({ classes, width, table, isFinal }: Automaton, token: string): boolean {
  let state = 0;
  for (let at = 0; at < token.length; at += 1) {
    const symbol = classes[token.charCodeAt(at)] ?? -1;
    state = symbol === -1 ? DEAD : (table[state * width + symbol] ?? DEAD);
    if (state === DEAD) return false;
  }
  return isFinal[state] ?? false;
}

/** Whether some token has both forms: both automata walk together, over every pair of states they can come to. */
export function overlapping(one: Automaton, other: Automaton): boolean {
  const steps = jointSteps(one, other);
  const states = other.isFinal.length;
  const seen = new Set([0]);
  // Pairs that are found on the way join the end.
  for (const pair of seen) {
    const [left, right] = [Math.floor(pair / states), pair % states];
    if (one.isFinal[left] === true && other.isFinal[right] === true) return true;
    for (const [leftClass, rightClass] of steps) {
      const nextLeft = one.table[left * one.width + leftClass] ?? DEAD;
      const nextRight = other.table[right * other.width + rightClass] ?? DEAD;
      if (nextLeft !== DEAD && nextRight !== DEAD) seen.add(nextLeft * states + nextRight);
    }
  }
  return false;
}

/** For every character what it is to both, each pair once. */
function jointSteps(one: Automaton, other: Automaton): readonly (readonly [number, number])[] {
  const pairs = new Map<string, readonly [number, number]>();
  for (let code = 0; code < one.classes.length; code += 1) {
    const pair = [one.classes[code] ?? -1, other.classes[code] ?? -1] as const;
    if (!pair.includes(-1)) pairs.set(pair.join(), pair);
  }
  return [...pairs.values()];
}

/** Thompson's construction: steps over a character or over nothing, from one place to others. */
interface Steps {
  readonly byCharacter: { readonly characters: ReadonlySet<string>; readonly to: number }[][];
  readonly free: number[][];
  readonly end: number;
}

/** Unwinds the construction of what would grow too large. */
class TooLarge extends Error {}

function stepsOf(node: PatternNode): Steps | null {
  const byCharacter: Steps['byCharacter'] = [];
  const free: number[][] = [];
  try {
    const start = place();
    const end = build(node, start);
    return { byCharacter, free, end };
  } catch (error) {
    if (error instanceof TooLarge) return null;
    throw error;
  }

  function place(): number {
    if (free.length >= STEPS_MAX) throw new TooLarge();
    byCharacter.push([]);
    return free.push([]) - 1;
  }

  function freely(from: number, to: number): void {
    free[from]?.push(to);
  }

  /** From a place, through the node; returns where that leads. */
  function build(part: PatternNode, from: number): number {
    switch (part.kind) {
      case 'one': {
        const to = place();
        byCharacter[from]?.push({ characters: part.characters, to });
        return to;
      }
      case 'sequence':
        return part.parts.reduce((at, inner) => build(inner, at), from);
      case 'choice': {
        const ends = part.arms.map((arm) => build(arm, from));
        const to = place();
        for (const end of ends) freely(end, to);
        return to;
      }
      case 'repeat':
        return repeat(part, from);
    }
  }

  function repeat({ part, least, most }: Extract<PatternNode, { kind: 'repeat' }>, from: number): number {
    let at = from;
    for (let time = 0; time < least; time += 1) at = build(part, at);
    if (most === Infinity) {
      // A place of its own, so that the way back leads to nothing else.
      const loop = place();
      freely(at, loop);
      freely(build(part, loop), loop);
      return loop;
    }
    const to = place();
    freely(at, to);
    for (let time = least; time < most; time += 1) {
      at = build(part, at);
      freely(at, to);
    }
    return to;
  }
}

/** The subset construction: a state is every place that can have been reached. */
function determine(steps: Steps): Automaton | null {
  const { classes, examples } = classify(steps);
  const numbers = new Map<string, number>();
  const states: (readonly number[])[] = [];
  const rows: number[][] = [];
  numberOf(closure(steps, [0]));

  for (let state = 0; state < states.length; state += 1) {
    if (states.length > STATES_MAX) return null;
    const ways = (states[state] ?? []).flatMap((at) => steps.byCharacter[at] ?? []);
    rows.push(
      examples.map((character) => {
        const reached = ways.filter(({ characters }) => characters.has(character)).map(({ to }) => to);
        return reached.length === 0 ? DEAD : numberOf(closure(steps, reached));
      }),
    );
  }
  return {
    classes,
    width: examples.length,
    table: Int16Array.from(rows.flat()),
    isFinal: states.map((places) => places.includes(steps.end)),
  };

  function numberOf(places: readonly number[]): number {
    const key = places.join();
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    return states.push(places) - 1;
  }
}

function closure({ free }: Steps, from: readonly number[]): readonly number[] {
  const reached = new Set(from);
  for (const place of reached) for (const to of free[place] ?? []) reached.add(to);
  return [...reached].sort((one, other) => one - other);
}

/** Characters that every step of the pattern treats alike are one class. */
function classify({ byCharacter }: Steps): {
  readonly classes: Int8Array;
  readonly examples: readonly string[];
} {
  const sets = [...new Set(byCharacter.flat().map(({ characters }) => characters))];
  const classes = new Int8Array(128).fill(-1);
  const examples = new Map<string, { readonly symbol: number; readonly character: string }>();
  for (const character of TOKEN_CHARACTERS) {
    const treatment = sets.map((set) => (set.has(character) ? 1 : 0)).join('');
    const known = examples.get(treatment) ?? { symbol: examples.size, character };
    examples.set(treatment, known);
    classes[character.charCodeAt(0)] = known.symbol;
  }
  return { classes, examples: Array.from(examples.values(), ({ character }) => character) };
}
