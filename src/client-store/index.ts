/** Says which authorization server and which of our client credentials go with a request. */
export { type CandidateStore, createClientChoice } from './client-choice.ts';
export { createDirectorySource } from './directory-source.ts';
export { createHttpSource, type HttpSource } from './http-source.ts';
export { createKeyvSource, type RecordEntries } from './keyv-source.ts';
export { loadClientStoreModule } from './load-module.ts';
export { createModuleSource } from './module-source.ts';
export { createRecordReader, type RecordReader } from './record-reader.ts';
export type { RecordSource } from './record-source.ts';
export { createRecordStore, type RecordStore } from './record-store.ts';
export { inspectMatches } from './select-client.ts';
export { entryNameOf, sealRecord, unsealRecord } from './sealed-record.ts';
export { createStaticStore, type StaticStore } from './static-store.ts';
export { isTenantName } from './tenant-key.ts';
