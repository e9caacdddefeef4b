import {
  isJsonObject,
  type AllowReason,
  type Json,
  type JsonObject,
  type UpstreamSettings,
} from '../domain/index.ts';

/**
 * Members that every metadata object has, whatever the answer held: written last, they cannot be forged by a claim
 * of the same name.
 */
export const RULE_MEMBER = 'gatehouse_rule';
export const REASON_MEMBER = 'gatehouse_reason';

/** Envoy's protobuf reader gives up at 100 nested messages, of which an object takes three. */
const NESTING_MAX = 16;

/**
 * Chooses the members of an answer that become Envoy dynamic metadata, beside the names of rule and reason.
 *
 * Out: an object without a prototype, its texts well-formed. A member nested deeper than 16 levels is left out:
 * Envoy could not read the message and `failure_mode_allow` would let the request pass.
 */
export function metadataOf(
  chosen: UpstreamSettings['metadata'],
  claims: JsonObject,
  facts: { readonly rule: string; readonly reason: AllowReason },
): JsonObject {
  const metadata = emptyObject();
  for (const member of membersOf(chosen, claims)) {
    const value = claims[member];
    const kept = value === undefined ? undefined : wellFormed(value, NESTING_MAX);
    if (kept !== undefined) metadata[member.toWellFormed()] = kept;
  }
  metadata[RULE_MEMBER] = facts.rule;
  metadata[REASON_MEMBER] = facts.reason;
  return metadata;
}

function membersOf(chosen: UpstreamSettings['metadata'], claims: JsonObject): readonly string[] {
  if (chosen === 'none') return [];
  return chosen === 'all' ? Object.keys(claims) : chosen.filter((member) => Object.hasOwn(claims, member));
}

/** The value with every text well-formed, since protobuf carries nothing else; `undefined` when it is nested too deeply. */
function wellFormed(value: Json, levels: number): Json | undefined {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return undefined;

  if (isJsonObject(value)) {
    const copy = emptyObject();
    for (const [member, nested] of Object.entries(value)) {
      const kept = wellFormed(nested, levels - 1);
      if (kept === undefined) return undefined;
      copy[member.toWellFormed()] = kept;
    }
    return copy;
  }
  const copy: Json[] = [];
  for (const nested of value) {
    const kept = wellFormed(nested, levels - 1);
    if (kept === undefined) return undefined;
    copy.push(kept);
  }
  return copy;
}

function emptyObject(): Record<string, Json> {
  return Object.create(null) as Record<string, Json>;
}
