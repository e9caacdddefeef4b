/** Names and seals what leaves the process for a shared store. */
export { deriveKeys } from './derive-keys.ts';
export { createKeyring, type Keyring, type KeyringSettings } from './keyring.ts';
export { createRecordSeal } from './record-seal.ts';
