import type { RouteMatch } from './route.ts';

/** Which requests a client goes with where the rule names none, by the client's name, in the order of the file. */
export type ClientMatches = ReadonlyMap<string, RouteMatch>;
