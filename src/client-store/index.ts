/** Says which authorization server and which of our client credentials go with a request. */
export { inspectMatches } from './select-client.ts';
export { createStaticStore, type StaticStore } from './static-store.ts';
