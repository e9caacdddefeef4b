/** Turns the settings file into one frozen, typed record, or into the full list of what is wrong with it. */
export { compareForReload } from './compare-for-reload.ts';
export { describeSettings, type KeyDescription } from './describe-settings.ts';
export { isEqual } from './equal.ts';
export { printSettings } from './print-settings.ts';
export { formatProblem, type Problem } from './problem.ts';
export { readClientRecord, showClientRecord } from './read-client-record.ts';
export { readSettings, type SettingsSource } from './read-settings.ts';
export type { World } from './reference-source.ts';
export type {
  CacheSettings,
  GrpcDoorSettings,
  HttpDoorSettings,
  ListenSettings,
  LogLevel,
  MemoryPartition,
  Settings,
  SharedCacheSettings,
  SharedStoreSettings,
} from './settings.ts';
export { type FileWatch, watchFiles, type WatchTempo } from './watch-files.ts';
