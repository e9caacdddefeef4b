import {
  type ClientContext,
  fail,
  type Fault,
  fault,
  type Result,
  type Soon,
  succeed,
} from '../domain/index.ts';
import { classOf } from './class-of.ts';
import { chooseMethod } from './client-authentication.ts';
import { settingsFault } from './introspection-fault.ts';
import { type PreparedQuestion, prepareQuestion } from './introspection-request.ts';
import type { EnquirerParts } from './introspector-parts.ts';
import { type Fetched, type FreshnessState, keepFresh } from './keep-fresh.ts';
import { loadMetadata } from './load-metadata.ts';

/** Where a client's question comes from: its settings alone, or the metadata of its issuer. */
export interface QuestionSource {
  get(): Soon<Result<PreparedQuestion, Fault>>;
  /** The question in hand; `null`: none yet. */
  readonly latest: PreparedQuestion | null;
  /** `null`: no metadata is needed. */
  readonly freshness: FreshnessState | null;
  pause(): void;
  resume(): void;
}

export function createQuestionSource(client: ClientContext, parts: EnquirerParts): QuestionSource {
  const { endpoint } = client.introspection;
  return endpoint === null ? fromMetadata(client, parts) : fromSettings(client, endpoint);
}

/** A configured endpoint wins and needs no metadata (META-6); who we are is then what the settings say, or basic. */
function fromSettings(client: ClientContext, endpoint: string): QuestionSource {
  const question = settle(client, endpoint, client.authentication.method, null);
  return {
    get: () => question,
    latest: question.ok ? question.value : null,
    freshness: null,
    pause: () => undefined,
    resume: () => undefined,
  };
}

function fromMetadata(client: ClientContext, parts: EnquirerParts): QuestionSource {
  const { observe, clock, randomness, discoveries } = parts;
  let wasTried = false;
  const kept = keepFresh({
    fetch: (known: PreparedQuestion | null) => {
      // Requests wait for the first attempt; later ones are made off their path.
      const urgency = wasTried ? 'patient' : 'urgent';
      wasTried = true;
      return discoveries.take(urgency, () => fetchQuestion(client, known, parts));
    },
    onOutcome(outcome) {
      const words =
        typeof outcome === 'string'
          ? { outcome, detail: null }
          : { outcome: outcome.reason, detail: outcome.detail };
      observe({ event: 'metadata_refreshed', client: client.name, ...words });
    },
    clock,
    randomness,
  });

  return {
    get: () => kept.get(),
    get latest() {
      return kept.latest;
    },
    get freshness() {
      return kept.state;
    },
    pause: () => kept.pause(),
    resume: () => kept.resume(),
  };
}

async function fetchQuestion(
  client: ClientContext,
  known: PreparedQuestion | null,
  parts: EnquirerParts,
): Promise<Result<Fetched<PreparedQuestion>, Fault>> {
  try {
    const loaded = await loadMetadata(client, parts);
    if (!loaded.ok) return loaded;
    const { metadata, refreshAfter } = loaded.value;
    const { introspectionEndpoint, authenticationMethods } = metadata;

    // What was chosen first stays chosen: a refresh alone never changes how our secret travels.
    const wanted = known?.method ?? client.authentication.method;
    const question = settle(client, introspectionEndpoint, wanted, authenticationMethods);
    if (!question.ok) return question;
    const isSame = known !== null && known.identity.equals(question.value.identity);
    return succeed({ value: isSame ? known : question.value, refreshAfter });
  } catch (error) {
    parts.observe({ event: 'crashed', where: 'introspection metadata', cause: classOf(error) });
    return fail(fault('internal'));
  }
}

function settle(
  client: ClientContext,
  endpoint: string,
  wanted: ClientContext['authentication']['method'],
  offered: readonly string[] | null,
): Result<PreparedQuestion, Fault> {
  const method = chooseMethod(wanted, offered);
  if (!method.ok) return fail(settingsFault('metadata_invalid', method.failure));
  const question = prepareQuestion(client, endpoint, method.value);
  if (question.ok) return question;
  return fail(
    settingsFault('metadata_invalid', `the introspection endpoint is refused: ${question.failure}`),
  );
}
