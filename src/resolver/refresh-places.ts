import type { ClientContext } from '../domain/index.ts';

/**
 * How many answers of a client are refreshed ahead at a time: a quarter of its enquiries, so that those that somebody
 * waits for always find places.
 */
export interface RefreshPlaces {
  enter(client: ClientContext): boolean;
  leave(client: ClientContext): void;
}

const SHARE = 0.25;

export function createRefreshPlaces(): RefreshPlaces {
  const taken = new WeakMap<ClientContext, number>();

  return {
    enter(client) {
      const inside = taken.get(client) ?? 0;
      if (inside >= Math.max(1, Math.floor(client.limits.concurrent * SHARE))) return false;
      taken.set(client, inside + 1);
      return true;
    },
    leave(client) {
      taken.set(client, (taken.get(client) ?? 1) - 1);
    },
  };
}
