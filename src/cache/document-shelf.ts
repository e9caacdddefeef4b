import type { Keyv } from 'keyv';
import { withinBudget } from '../bounds/index.ts';
import {
  type Clock,
  type DocumentShelf,
  type HouseEvent,
  type Milliseconds,
  milliseconds,
  monotonicMilliseconds,
  type Observe,
  type Seal,
} from '../domain/index.ts';
import { documentName } from './entry-name.ts';
import { storeFailureOf } from './store-failure.ts';

export interface DocumentShelfParts {
  /** As `openKeyv` makes it. */
  readonly store: Keyv<string>;
  readonly seal: Seal;
  /** Opens what was sealed under the key before; `null`: there is none. */
  readonly formerSeal?: Seal | null;
  readonly clock: Clock;
  readonly observe: Observe;
}

type Operation = Extract<HouseEvent, { event: 'cache_failed' }>['operation'];
type FailureCause = Extract<HouseEvent, { event: 'cache_failed' }>['cause'];

/**
 * Documents in the store that replicas share, off the path of requests.
 *
 * In: bytes under a name. Out: the same bytes, or nothing.
 * Never: a readable document in the store, or one without an end; one believed that this deployment did not seal under
 * this very name (T-39).
 */
export function createDocumentShelf(parts: DocumentShelfParts): DocumentShelf {
  const { store, seal, formerSeal = null, clock, observe } = parts;

  return {
    async recall(plainName) {
      const name = documentName(plainName);
      const value = await call('get', () => store.get(name));
      if (value === null || value === undefined) return null;
      const plain = open(name, value);
      if (plain === null || plain.length < END_BYTES) {
        failed('get', 'unsealable');
        return null;
      }
      return Number(plain.readBigUInt64BE()) > clock.now() ? plain.subarray(END_BYTES) : null;
    },
    async keep(plainName, document, keepFor) {
      const name = documentName(plainName);
      // When it ends is sealed inside it: not every store forgets when it is told to.
      const end = Buffer.alloc(END_BYTES);
      end.writeBigUInt64BE(BigInt(Math.trunc(clock.now() + keepFor)));
      const value = seal.seal(name, Buffer.concat([end, document])).toString('base64');
      if (value.length > LONGEST_VALUE) failed('put', 'oversized');
      else await call('put', () => store.set(name, value, keepFor));
    },
  };

  function open(name: string, value: unknown): Buffer | null {
    if (typeof value !== 'string' || value.length > LONGEST_VALUE) return null;
    const sealed = Buffer.from(value, 'base64');
    return seal.open(name, sealed) ?? formerSeal?.open(name, sealed) ?? null;
  }

  async function call<Value>(operation: Operation, ask: () => Promise<Value>): Promise<Value | null> {
    try {
      const until = monotonicMilliseconds(clock.monotonic() + TIMEOUT);
      const outcome = await withinBudget(ask(), until, clock);
      if (outcome.ok) return outcome.value;
      failed(operation, 'timeout');
    } catch (cause) {
      failed(operation, storeFailureOf(cause));
    }
    return null;
  }

  function failed(operation: Operation, cause: FailureCause): void {
    observe({ event: 'cache_failed', operation, cause });
  }
}

const END_BYTES = 8;
/** Nobody waits for it but a refresh of metadata. */
const TIMEOUT: Milliseconds = milliseconds(1_000);
/** Of a sealed document as text: of 256 KiB and some bytes. */
const LONGEST_VALUE = 400 * 1024;
