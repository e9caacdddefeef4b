/** Says which authorization server and which of our client credentials go with a request. */
export { createStaticStore, type StaticStore } from './static-store.ts';
