/** Names and seals what leaves the process for a shared store. */
export { deriveKeys } from './derive-keys.ts';
