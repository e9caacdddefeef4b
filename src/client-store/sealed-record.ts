import type { Seal } from '../domain/index.ts';
import { RECORD_BYTES_MAX } from './tenant-files.ts';

/** In base64, with what a seal adds. */
const SEALED_LENGTH_MAX = Math.ceil((RECORD_BYTES_MAX + 1024) / 3) * 4;

/** The name of a record in a shared store; the version of its form is a part of it. */
export function entryNameOf(tenant: string): string {
  return `gatehouse:1:tenant:${tenant}`;
}

/** What is put into a shared store under `entryNameOf(tenant)`. */
export function sealRecord(seal: Seal, tenant: string, record: Buffer): string {
  return seal.seal(entryNameOf(tenant), record).toString('base64');
}

/** `null`: not text that was sealed with a key of ours, for this very tenant. */
export function unsealRecord(seal: Seal, tenant: string, stored: unknown): Buffer | null {
  if (typeof stored !== 'string' || stored.length > SEALED_LENGTH_MAX) return null;
  return seal.open(entryNameOf(tenant), Buffer.from(stored, 'base64'));
}
