/** Expressions in CEL over a token and a request: read and bounded at load, evaluated without surprises. */
export { compileExpression, type Expression } from './compile-expression.ts';
export type { ExpressionRoots, RequestFields, Verdict } from './evaluate.ts';
