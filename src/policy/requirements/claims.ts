import { type ClaimRequirement, type ClaimTest, type Json, unreachable } from '../../domain/index.ts';
import { memberAt } from '../member-at.ts';
import type { RequestFacts } from '../request-facts.ts';
import { type Demand, demandOf, short } from './demand.ts';
import { compileValue, paramsAmong } from './values.ts';

export function claimDemand({ claim, test, isNot }: ClaimRequirement): Demand {
  const shortcoming = short('claim_refused', `The claim ${claim.join(' › ')} is not as the rule demands.`);
  const holds = compileTest(test);
  return demandOf(
    'claim',
    ({ claims }, _now, request) => (holds(memberAt(claims, claim), request) !== isNot ? null : shortcoming),
    { readsRequest: paramsAmong(valuesOf(test)).length > 0 },
  );
}

function valuesOf(test: ClaimTest) {
  return 'values' in test ? test.values : [];
}

function compileTest(test: ClaimTest): (claim: Json | undefined, request: RequestFacts) => boolean {
  switch (test.kind) {
    case 'oneOf': {
      const values = test.values.map(compileValue);
      return (claim, request) => values.some((isValue) => isValue(claim, request));
    }
    case 'containsAll':
    case 'containsAny': {
      const values = test.values.map(compileValue);
      const wantsAll = test.kind === 'containsAll';
      return (claim, request) => {
        if (!Array.isArray(claim)) return false;
        const has = (isValue: (typeof values)[number]) => claim.some((item: Json) => isValue(item, request));
        return wantsAll ? values.every(has) : values.some(has);
      };
    }
    case 'present':
      return (claim) => claim !== undefined && claim !== null;
    case 'absent':
      return (claim) => claim === undefined || claim === null;
    default:
      return unreachable(test);
  }
}
