import {
  type ClaimRequirement,
  type ClaimTest,
  type ClaimValue,
  type DetailRequirement,
  type PlainRequirement,
  type Requirement,
  type ScopeCombination,
  type ScopeRequirement,
  seconds,
} from '../domain/index.ts';
import type { ScopeItem } from './schema/requirements.ts';
import type { SettingsInput } from './schema/settings-schema.ts';

type RequirementInput = SettingsInput['requirements'][string];
type PlainInput = Omit<RequirementInput, 'deny'>;
type ClaimInput = NonNullable<RequirementInput['claims']>[number];
type TestsInput = NonNullable<ClaimInput['not']>;
type DetailInput = NonNullable<RequirementInput['authorizationDetails']>[number];

/** A requirement in the words of the domain. */
export function requirementOf({ deny, ...plain }: RequirementInput): Requirement {
  return { ...plainOf(plain), deny: (deny ?? []).map(plainOf) };
}

function plainOf(input: PlainInput): PlainRequirement {
  const { scopes, audience, issuer, tokenType, tokenUse, clientIds, subject, claims, acr, maxAge } = input;
  const isCovering = audience !== undefined && !Array.isArray(audience);
  return {
    scopes: scopes === undefined ? null : scopesOf(scopes),
    audience: audience === undefined || isCovering ? [] : audience,
    coversUrl: isCovering,
    issuer: issuer ?? [],
    tokenTypes: tokenType ?? [],
    tokenUses: tokenUse ?? [],
    clientIds: Array.isArray(clientIds)
      ? { allowed: clientIds, refused: [] }
      : { allowed: clientIds?.allowed ?? [], refused: clientIds?.refused ?? [] },
    subject: subject ?? [],
    claims: (claims ?? []).map(claimOf),
    authorizationDetails: (input.authorizationDetails ?? []).map(detailOf),
    acr: acr ?? [],
    maxAge: maxAge === undefined ? null : seconds(Math.floor(maxAge / 1_000)),
    expression: input.expression ?? null,
  };
}

function scopesOf(scopes: NonNullable<RequirementInput['scopes']>): ScopeRequirement {
  if (Array.isArray(scopes)) return { kind: 'all', scopes, strategy: 'exact' };
  return { ...combinationOf(scopes), strategy: scopes.strategy };
}

function combinationOf({ any, all }: Exclude<ScopeItem, string>): ScopeCombination {
  const items = checked(any ?? all);
  return {
    kind: any === undefined ? 'all' : 'any',
    scopes: items.map((item) => (typeof item === 'string' ? item : combinationOf(item))),
  };
}

function claimOf({ claim, present, absent, not, ...tests }: ClaimInput): ClaimRequirement {
  if (present === true) return { claim, test: { kind: 'present' }, isNot: false };
  if (absent === true) return { claim, test: { kind: 'absent' }, isNot: false };
  return { claim, test: testOf(not ?? tests), isNot: not !== undefined };
}

function testOf({ equals, oneOf, contains }: TestsInput): ClaimTest {
  if (equals !== undefined) return { kind: 'oneOf', values: [equals] };
  if (oneOf !== undefined) return { kind: 'oneOf', values: oneOf };
  const values = checked(contains);
  if (Array.isArray(values)) return { kind: 'containsAll', values };
  if (typeof values !== 'object') return { kind: 'containsAll', values: [values] };
  return { kind: 'containsAny', values: values.any };
}

function detailOf(input: DetailInput): DetailRequirement {
  const { type, actions, locations, datatypes, privileges, identifier, fields, otherFields } = input;
  return {
    type,
    actions: actions ?? [],
    locations: locations ?? [],
    datatypes: datatypes ?? [],
    privileges: privileges ?? [],
    identifier: identifier ?? null,
    fields: new Map<string, ClaimValue>(Object.entries(fields)),
    otherFields,
  };
}

/** What checks/ has seen to be there: of a requirement that is not understood, nothing may become "demands nothing". */
function checked<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError('a setting is missing that was checked before');
  return value;
}
