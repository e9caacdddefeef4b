import type { Scenario } from '../bench.ts';
import { flood } from './flood.ts';
import { herd } from './herd.ts';
import { hit } from './hit.ts';
import { hitManyTokens } from './hit-many-tokens.ts';
import { hitRich } from './hit-rich.ts';
import { hitRoutes } from './hit-routes.ts';
import { httpDoor } from './http-door.ts';
import { memory } from './memory.ts';
import { miss } from './miss.ts';
import { mixedDay } from './mixed-day.ts';
import { sharedHit } from './shared-hit.ts';
import { start } from './start.ts';
import { tenants } from './tenants.ts';

/** In the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  hit,
  hitManyTokens,
  hitRoutes,
  hitRich,
  httpDoor,
  miss,
  sharedHit,
  herd,
  flood,
  mixedDay,
  memory,
  start,
  tenants,
];
