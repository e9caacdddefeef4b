import { createTurns } from '../bounds/index.ts';
import {
  AccessToken,
  type ClientContext,
  type Fault,
  type Introspector,
  type JsonObject,
  type Result,
  succeed,
} from '../domain/index.ts';
import { createEnquirer, type Enquirer } from './enquirer.ts';
import type { EnquirerStats } from './enquirer-status.ts';
import type { IntrospectorParts } from './introspector-parts.ts';

/** The port, and what its owner does with it. */
export interface HouseIntrospector extends Introspector {
  /** One attempt for readiness: metadata if needed, and one enquiry with a random token, which opens a connection too. */
  warm(client: ClientContext): Promise<Result<null, Fault>>;
  /** Says which clients are in force; what the others hold is let go once their running enquiries have ended. */
  retain(clients: readonly ClientContext[]): void;
  /** For the status page, by client name; of no more than so many clients. */
  status(atMost?: number): JsonObject;
  /** For gauges: one record for each client that was used and is in force. */
  stats(): readonly EnquirerStats[];
  /** Clients that were used and are in force. */
  readonly size: number;
  /** Lets running enquiries end and closes every connection. */
  close(): Promise<void>;
}

/**
 * Asks authorization servers about tokens (RFC 7662).
 *
 * In: a client context, then a token. Out: a strict reading of the answer, or a typed fault.
 * Never: a URL that is not of the settings or of metadata they vouch for; a redirect; a rejection.
 */
export function createIntrospector(parts: IntrospectorParts): HouseIntrospector {
  const shared = { ...parts, discoveries: createTurns(parts.discoveriesAtOnce) };
  const enquirers = new WeakMap<ClientContext, Enquirer>();
  const inForce = new Set<Enquirer>();
  /** `null`: nobody has said yet, so all are in force. */
  let retained: ReadonlySet<ClientContext> | null = null;

  return {
    prepare: (client, context) => enquirerOf(client).prepare(context),
    ask: (question, token, preference) => enquirerOf(question.client).ask(question, token, preference),
    warm,
    retain,
    status,
    get size() {
      return inForce.size;
    },
    stats: () => Array.from(inForce, (enquirer) => enquirer.stats()),
    async close() {
      const closing = [...inForce];
      retain([]);
      await Promise.all(closing.map((enquirer) => enquirer.retire()));
    },
  };

  function enquirerOf(client: ClientContext): Enquirer {
    const known = enquirers.get(client);
    if (known !== undefined) return known;
    const created = createEnquirer(client, shared);
    enquirers.set(client, created);
    // A check that began under the settings before may still come with a client of theirs: it is served, nothing is kept.
    if (retained === null || retained.has(client)) inForce.add(created);
    else void created.retire();
    return created;
  }

  async function warm(client: ClientContext): Promise<Result<null, Fault>> {
    const enquirer = enquirerOf(client);
    const question = await enquirer.prepare(null);
    if (!question.ok) return question;
    const nobodys = new AccessToken(parts.randomness.bytes(24).toString('base64url'));
    const answer = await enquirer.ask(question.value, nobodys);
    return answer.ok ? succeed(null) : answer;
  }

  function retain(clients: readonly ClientContext[]): void {
    retained = new Set(clients);
    for (const enquirer of inForce) {
      if (retained.has(enquirer.client)) continue;
      inForce.delete(enquirer);
      void enquirer.retire();
    }
    for (const client of clients) {
      const known = enquirers.get(client);
      if (known === undefined || inForce.has(known)) continue;
      inForce.add(known);
      known.recall();
    }
  }

  function status(atMost = Infinity): JsonObject {
    const shown = [...inForce].slice(0, atMost);
    return Object.fromEntries(shown.map((enquirer) => [enquirer.client.name, enquirer.status()]));
  }
}
