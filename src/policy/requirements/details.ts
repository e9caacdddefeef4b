import { type DetailRequirement, isJsonObject, type Json, type JsonObject } from '../../domain/index.ts';
import type { RequestFacts } from '../request-facts.ts';
import { type Demand, demandOf, short } from './demand.ts';
import { compileValue, paramsAmong } from './values.ts';

/** RAR-6. */
const OBJECTS_MAX = 64;
const DEPTH_MAX = 16;
const LISTS = ['actions', 'locations', 'datatypes', 'privileges'] as const;

/**
 * Authorization details (RFC 9396 section 2). What is demanded must be granted by one object: actions of one and
 * locations of another are nobody's permission (RAR-2). A member that the demand does not name may be a restriction, so
 * that an object with one grants nothing, unless the demand says otherwise (RAR-3).
 */
export function detailDemand(requirement: DetailRequirement): Demand {
  const shortcoming = short(
    'authorization_details_insufficient',
    `No authorization details of type ${requirement.type} grant what the rule needs.`,
  );
  const grants = compileGrant(requirement);
  return demandOf(
    'details',
    ({ claims }, _now, request) =>
      detailsOf(claims['authorization_details']).some((detail) => grants(detail, request))
        ? null
        : shortcoming,
    { readsRequest: paramsOfDetail(requirement).length > 0 },
  );
}

function paramsOfDetail({ identifier, fields }: DetailRequirement): readonly string[] {
  return paramsAmong([...(identifier === null ? [] : [identifier]), ...fields.values()]);
}

/** Anything else than a list of objects with a type each is as good as none (RAR-5). */
function detailsOf(claim: Json | undefined): readonly JsonObject[] {
  if (!isList(claim) || claim.length > OBJECTS_MAX) return [];
  const objects = claim.filter(isJsonObject);
  const isWellFormed =
    objects.length === claim.length &&
    objects.every((object) => typeof object['type'] === 'string' && !isDeeperThan(object, DEPTH_MAX));
  return isWellFormed ? objects : [];
}

function compileGrant(
  requirement: DetailRequirement,
): (detail: JsonObject, request: RequestFacts) => boolean {
  const { type, identifier, fields, otherFields } = requirement;
  const lists = LISTS.flatMap((member) =>
    requirement[member].length === 0 ? [] : [{ member, needed: requirement[member] }],
  );
  const values = [...fields, ...(identifier === null ? [] : [['identifier', identifier] as const])].map(
    ([member, value]) => ({ member, isValue: compileValue(value) }),
  );
  const known = new Set(['type', ...[...lists, ...values].map(({ member }) => member)]);

  return (detail, request) =>
    detail['type'] === type &&
    (otherFields === 'allow' || Object.keys(detail).every((member) => known.has(member))) &&
    lists.every(({ member, needed }) => {
      const granted = detail[member];
      return isList(granted) && needed.every((item) => granted.includes(item));
    }) &&
    values.every(({ member, isValue }) => isValue(detail[member], request));
}

function isDeeperThan(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner: Json) => isDeeperThan(inner, levels - 1));
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
