/** Finds the one token a caller presented, or says why there is none to use. */
export { extractBearer } from './extract-bearer.ts';
export { extractCredential } from './extract-credential.ts';
