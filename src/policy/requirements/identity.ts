import type { ClientIdRequirement, ParameterName } from '../../domain/index.ts';
import { type Demand, demandOf, short } from './demand.ts';
import { compileValue, paramsAmong } from './values.ts';

export function tokenTypeDemand(types: readonly string[]): Demand {
  const accepted = new Set(types.map((type) => type.toLowerCase()));
  const shortcoming = short('token_type_unsupported', 'The rule does not name it.');
  return demandOf('kind', ({ tokenType }) =>
    tokenType !== null && accepted.has(tokenType.toLowerCase()) ? null : shortcoming,
  );
}

export function tokenUseDemand(uses: readonly string[]): Demand {
  const shortcoming = short('not_an_access_token', '`token_use` is none that the rule names.');
  return demandOf('kind', ({ claims }) => {
    const use = claims['token_use'];
    return typeof use === 'string' && uses.includes(use) ? null : shortcoming;
  });
}

// Strings are compared by code point, without any normalisation (INT-26).
export function issuerDemand(issuers: readonly string[]): Demand {
  const shortcoming = short('token_issuer_unexpected', 'The rule does not name it.');
  return demandOf('issuer', ({ issuer }) =>
    issuer !== null && issuers.includes(issuer) ? null : shortcoming,
  );
}

/** A token without `client_id` is nobody's: neither one that is named, nor surely none that is refused. */
export function clientDemand({ allowed, refused }: ClientIdRequirement): Demand {
  const shortcoming = short('client_refused');
  return demandOf('client', ({ clientId }) => {
    const isIn = clientId !== null && (allowed.length === 0 || allowed.includes(clientId));
    return isIn && !refused.includes(clientId) ? null : shortcoming;
  });
}

export function subjectDemand(subjects: readonly (string | ParameterName)[]): Demand {
  const values = subjects.map(compileValue);
  const shortcoming = short('subject_refused');
  return demandOf(
    'subject',
    ({ subject }, _now, request) =>
      subject !== null && values.some((isValue) => isValue(subject, request)) ? null : shortcoming,
    { readsRequest: paramsAmong(subjects).length > 0 },
  );
}
