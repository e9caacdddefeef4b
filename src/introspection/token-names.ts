import type { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';

import type { AccessToken } from '../domain/index.ts';

/** Tells tokens apart for a while within this process without keeping them: a digest under a key that nobody else has. */
export type NameToken = (token: AccessToken) => string;

/** @param key random, of this process alone. */
export function createTokenNames(key: Buffer): NameToken {
  return (token) => createHmac('sha256', key).update(token.reveal()).digest('base64');
}
