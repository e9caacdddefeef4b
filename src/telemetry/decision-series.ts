import { type Decision, type Door, FAULT_REASONS, type Reason } from '../domain/index.ts';
import { FAULTS } from './label-values.ts';
import type { MetricRegistry } from './metric-registry.ts';
import type { Cell, Timing } from './series.ts';

/** All that one decision adds to. */
export interface DecisionSeries {
  readonly total: Cell;
  readonly ofRoute: Cell;
  readonly times: Timing;
  /** `null` but for a fault. */
  readonly fault: Cell | null;
}

/** Finds the series of a decision without making a key: three lookups of strings that live as long as the process. */
export function createDecisionSeries(
  registry: Pick<MetricRegistry, 'scalar' | 'histogram' | 'boundedLabel'>,
): (door: Door, decision: Decision) => DecisionSeries {
  const totals = registry.scalar('gatehouse_decisions_total');
  const routes = registry.scalar('gatehouse_route_decisions_total');
  const times = registry.histogram('gatehouse_decision_duration_seconds');
  const faults = registry.scalar('gatehouse_faults_total');
  for (const reason of FAULTS) faults.at({ side: FAULT_REASONS[reason].side, reason });

  const routeLabel = registry.boundedLabel('route');
  const known = new Map<Door, Map<string, Map<Reason, DecisionSeries>>>();

  return function decisionSeries(door: Door, decision: Decision): DecisionSeries {
    const route = decision.route === null ? '' : routeLabel(decision.route);
    return known.get(door)?.get(route)?.get(decision.reason) ?? remember(door, route, decision);
  };

  function remember(door: Door, route: string, decision: Decision): DecisionSeries {
    const { kind: outcome, reason } = decision;
    const series = {
      total: totals.at({ door, outcome, reason }),
      ofRoute: routes.at({ route, outcome, reason }),
      times: times.at({ door, outcome }),
      fault:
        decision.kind === 'fault'
          ? faults.at({ side: FAULT_REASONS[decision.reason].side, reason: decision.reason })
          : null,
    };
    const byRoute = known.get(door) ?? new Map<string, Map<Reason, DecisionSeries>>();
    const byReason = byRoute.get(route) ?? new Map<Reason, DecisionSeries>();
    known.set(door, byRoute.set(route, byReason.set(reason, series)));
    return series;
  }
}
