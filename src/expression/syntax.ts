import type { parse } from '@bufbuild/cel';

/** A node of the syntax tree. Macros (`all`, `exists`, …) stand in it as the loops that they mean. */
export type Expr = NonNullable<ReturnType<typeof parse>['expr']>;

/** Nodes right below a node, those of a loop's body apart. */
export interface Inside {
  readonly nodes: readonly Expr[];
  readonly loop: Loop | null;
}

/** The body is evaluated once for each item. */
export interface Loop {
  readonly variables: readonly string[];
  readonly body: readonly Expr[];
}

export function insideOf({ exprKind }: Expr): Inside {
  switch (exprKind.case) {
    case 'selectExpr':
      return plain([exprKind.value.operand]);
    case 'callExpr':
      return plain([exprKind.value.target, ...exprKind.value.args]);
    case 'listExpr':
      return plain(exprKind.value.elements);
    case 'structExpr':
      return plain(
        exprKind.value.entries.flatMap(({ keyKind, value }) => [
          keyKind.case === 'mapKey' ? keyKind.value : undefined,
          value,
        ]),
      );
    case 'comprehensionExpr': {
      const { iterRange, iterVar, iterVar2, accuVar, accuInit, loopCondition, loopStep, result } =
        exprKind.value;
      return {
        ...plain([iterRange, accuInit]),
        loop: {
          variables: [iterVar, iterVar2, accuVar].filter((name) => name !== ''),
          body: [loopCondition, loopStep, result].filter((node) => node !== undefined),
        },
      };
    }
    case 'identExpr':
    case 'constExpr':
    case undefined:
      return plain([]);
  }
}

function plain(nodes: readonly (Expr | undefined)[]): Inside {
  return { nodes: nodes.filter((node) => node !== undefined), loop: null };
}

/** `null`: the node is no constant text. */
export function constantText({ exprKind }: Expr): string | null {
  if (exprKind.case !== 'constExpr') return null;
  const { constantKind } = exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : null;
}
