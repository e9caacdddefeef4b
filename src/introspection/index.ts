/** Asks one RFC 7662 question and reads the answer strictly. */
export { examineServer } from './examination/examine-server.ts';
export type { Chapter, Finding } from './examination/finding.ts';
export type { EnquirerStats } from './enquirer-status.ts';
export { isWrongSetting } from './answer/introspection-fault.ts';
export { createIntrospector, type HouseIntrospector } from './introspector.ts';
export type { IntrospectorParts } from './introspector-parts.ts';
export { JSON_LIMITS, type JsonLimits, parseStrictJson } from './answer/parse-strict-json.ts';
export { readProxyEnvironment } from './connection/proxy-environment.ts';
export { readIntrospection } from './answer/read-introspection.ts';
