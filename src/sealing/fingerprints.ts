import { createHmac } from 'node:crypto';
import type { AccessToken } from '../domain/index.ts';

/** 128 bits: enough to tell tokens apart, short enough to be copied from a log line. */
const DIGITS = 32;

/**
 * Names a token in log and audit lines.
 *
 * In: a token. Out: 32 hexadecimal digits of its HMAC-SHA-256.
 * Never: a bare hash, so that a log does not confirm a guessed token; the name of a cache entry.
 */
export function createFingerprintOf(key: Buffer): (token: AccessToken) => string {
  return (token) => createHmac('sha256', key).update(token.reveal()).digest('hex').slice(0, DIGITS);
}
