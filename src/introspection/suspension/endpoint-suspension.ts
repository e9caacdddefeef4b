import {
  createSuspension,
  type Suspension,
  type SuspensionParts,
  type SuspensionState,
} from './suspension.ts';

/** What is known of the endpoint of one client: of the one that is asked now, for metadata may move it. */
export interface EndpointSuspension {
  /** One that was not asked before starts afresh. */
  of(endpoint: string): Suspension;
  readonly state: SuspensionState | null;
}

export function createEndpointSuspension(parts: SuspensionParts): EndpointSuspension {
  let current: { readonly endpoint: string; readonly suspension: Suspension } | null = null;

  return {
    of(endpoint) {
      if (current !== null && current.endpoint === endpoint) return current.suspension;
      const before = current?.suspension.state ?? null;
      if (before !== null) parts.onChange(before.cause, false);
      current = { endpoint, suspension: createSuspension(parts) };
      return current.suspension;
    },
    get state() {
      return current?.suspension.state ?? null;
    },
  };
}
