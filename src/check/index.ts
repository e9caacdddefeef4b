/** Leads one request through the rooms in order. */
export { createCheck, type CheckParts } from './check.ts';
