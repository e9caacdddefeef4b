/**
 * Knows whether the authorization server of a client is out, as far as that can be told from here.
 *
 * In: how enquiries ended. Out: yes, once several distinct tokens in a row got no answer and none was answered since.
 * Never: yes because of one token that upsets the server, nor for anything of our own making: a full queue, a spent
 * budget, a caller's deadline, our credentials, an answer that we cannot read.
 */
import {
  AccessToken,
  type ClientContext,
  type Clock,
  type Fault,
  type FaultReason,
  type Introspector,
  type MonotonicMilliseconds,
  type Question,
  type Randomness,
} from '../domain/index.ts';
import type { Answer } from './wanted.ts';

export interface OutageWatch {
  /** @param token by any name that is its own. */
  learn(client: ClientContext, token: string, answer: Answer): void;
  isConfirmed(client: ClientContext): boolean;
  /**
   * After a failure: asks about random tokens when there is little evidence, so that an outage shows although hardly
   * anybody comes.
   */
  confirm(question: Question, failure: Fault): Promise<boolean>;
}

export interface OutageWatchParts {
  readonly introspector: Pick<Introspector, 'ask'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly randomness: Pick<Randomness, 'bytes'>;
}

/** Distinct tokens without an answer. Where one of two servers behind one name is down, so many in a row are rare. */
const EVIDENCE = 5;
/** Evidence older than this, beyond the time that an enquiry may take, is none. Probes of a suspended endpoint come more often. */
const EVIDENCE_LASTS_MS = 10_000;
const BETWEEN_PROBES_MS = 1_000;

interface Watched {
  readonly failed: Set<string>;
  lastFailureAt: MonotonicMilliseconds;
  probing: Promise<boolean> | null;
  nextProbeAt: number;
}

export function createOutageWatch({ introspector, clock, randomness }: OutageWatchParts): OutageWatch {
  const watched = new WeakMap<ClientContext, Watched>();

  return { learn, isConfirmed, confirm };

  function learn(client: ClientContext, token: string, answer: Answer): void {
    const known = watched.get(client);
    if (answer.ok || ANSWERED.has(answer.failure.reason)) known?.failed.clear();
    if (answer.ok || !OUT.has(answer.failure.reason) || answer.failure.isOurs === true) return;

    const now = clock.monotonic();
    const state = known ?? { failed: new Set(), lastFailureAt: now, probing: null, nextProbeAt: 0 };
    if (known === undefined) watched.set(client, state);
    if (state.failed.size < EVIDENCE) state.failed.add(token);
    state.lastFailureAt = now;
  }

  function isConfirmed(client: ClientContext): boolean {
    const known = watched.get(client);
    if (known === undefined || known.failed.size < EVIDENCE) return false;
    return clock.monotonic() - known.lastFailureAt <= client.introspection.timeout + EVIDENCE_LASTS_MS;
  }

  async function confirm(question: Question, { reason, isOurs }: Fault): Promise<boolean> {
    const { client } = question;
    const isOutage = (OUT.has(reason) && isOurs !== true) || reason === 'introspection_suspended';
    const known = watched.get(client);
    if (!isOutage || known === undefined) return false;
    if (isConfirmed(client)) return true;
    const now = clock.monotonic();
    if (known.probing === null && now >= known.nextProbeAt) {
      known.nextProbeAt = now + BETWEEN_PROBES_MS;
      // A part that breaks its promise proves nothing.
      known.probing = probe(question, EVIDENCE - known.failed.size).catch(() => false);
      void known.probing.then(() => (known.probing = null));
    }
    return known.probing ?? false;
  }

  async function probe(question: Question, times: number): Promise<boolean> {
    await Promise.all(
      Array.from({ length: times }, async () => {
        const nobodys = randomness.bytes(24).toString('base64url');
        learn(question.client, nobodys, await introspector.ask(question, new AccessToken(nobodys)));
      }),
    );
    return isConfirmed(question.client);
  }
}

const OUT: ReadonlySet<FaultReason> = new Set([
  'introspection_unreachable',
  'introspection_timeout',
  'introspection_server_error',
]);
/** Whoever says this is there. Of all other reasons nobody was asked. */
const ANSWERED: ReadonlySet<FaultReason> = new Set([
  'introspection_throttled',
  'introspection_redirected',
  'introspection_status',
  'introspection_content_type',
  'introspection_compressed',
  'introspection_too_large',
  'introspection_unreadable',
  'credentials_refused',
]);
