import {
  type ClientContext,
  fail,
  type Fault,
  fault,
  type Result,
  type Soon,
  succeed,
} from '../../domain/index.ts';
import { type Answers, createAnswers } from '../answer/answers.ts';
import { createAuthenticator } from '../authentication/authenticator.ts';
import { classOf } from '../class-of.ts';
import { type AuthenticationChoice, chooseAuthentication } from '../authentication/client-authentication.ts';
import { settingsFault } from '../answer/introspection-fault.ts';
import { type PreparedQuestion as Prepared, prepareQuestion } from './introspection-request.ts';
import type { EnquirerParts } from '../introspector-parts.ts';
import { type Fetched, type FreshnessState, keepFresh } from '../discovery/keep-fresh.ts';
import { obtainMetadata } from '../discovery/obtain-metadata.ts';
import { needsMetadata, NO_METADATA, type ServerMetadata } from '../discovery/read-metadata.ts';

/** `basis`: all it was made of besides the settings, to tell whether a refresh changed anything. */
type PreparedQuestion = Prepared & { readonly basis: string; readonly warnings: readonly string[] };

/** Where a client's question comes from: its settings alone, or the metadata of its issuer. */
export interface QuestionSource {
  get(): Soon<Result<Prepared, Fault>>;
  /** The question in hand; `null`: none yet. */
  readonly latest: Prepared | null;
  /** `null`: no metadata is needed. */
  readonly freshness: FreshnessState | null;
  /** Of the keys that answers are checked with; `null`: none are fetched. */
  readonly keyFreshness: FreshnessState | null;
  pause(): void;
  resume(): void;
}

export function createQuestionSource(client: ClientContext, parts: EnquirerParts): QuestionSource {
  const { endpoint } = client.introspection;
  return endpoint === null || needsMetadata(client)
    ? fromMetadata(client, parts)
    : fromSettings(client, endpoint, parts);
}

/** A configured endpoint wins and needs no metadata (META-6); who we are is then what the settings say, or basic. */
function fromSettings(client: ClientContext, endpoint: string, parts: EnquirerParts): QuestionSource {
  const metadata = { ...NO_METADATA, introspectionEndpoint: endpoint };
  const answers = createAnswers(client, parts);
  const question = settle(client, metadata, null, { ...parts, answers });
  return {
    get: () => question,
    latest: question.ok ? question.value : null,
    freshness: null,
    get keyFreshness() {
      return answers.keyFreshness;
    },
    pause: () => answers.pause(),
    resume: () => answers.resume(),
  };
}

function fromMetadata(client: ClientContext, parts: EnquirerParts): QuestionSource {
  const { observe, clock, randomness, discoveries } = parts;
  const answers = createAnswers(client, parts);
  let wasTried = false;
  const kept = keepFresh({
    fetch: (known: PreparedQuestion | null) => {
      // Requests wait for the first attempt; later ones are made off their path.
      const urgency = wasTried ? 'patient' : 'urgent';
      wasTried = true;
      return discoveries.take(urgency, () => fetchQuestion(client, known, { ...parts, answers }));
    },
    onOutcome: (told) => observe({ event: 'metadata_refreshed', client: client.name, ...told }),
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
    get keyFreshness() {
      return answers.keyFreshness;
    },
    pause() {
      kept.pause();
      answers.pause();
    },
    resume() {
      kept.resume();
      answers.resume();
    },
  };
}

type SettlingParts = EnquirerParts & { readonly answers: Pick<Answers, 'readerFor'> };

async function fetchQuestion(
  client: ClientContext,
  known: PreparedQuestion | null,
  parts: SettlingParts,
): Promise<Result<Fetched<PreparedQuestion>, Fault>> {
  try {
    const obtained = await obtainMetadata(client, parts, { hasNothing: known === null });
    if (!obtained.ok) return obtained;
    const { metadata, ...howLong } = obtained.value;
    // What was chosen first stays chosen: a refresh alone never changes how our secret travels.
    const question = settle(client, metadata, known?.authentication ?? null, parts);
    if (!question.ok) return question;
    const isSame = known !== null && known.basis === question.value.basis;
    if (!isSame) tellChange(client, known, question.value, parts);
    return succeed({ value: isSame ? known : question.value, ...howLong });
  } catch (error) {
    parts.observe({ event: 'crashed', where: 'introspection metadata', cause: classOf(error) });
    return fail(fault('internal'));
  }
}

/** What an operator should hear of (META-9, META-13). */
function tellChange(
  { name }: ClientContext,
  before: PreparedQuestion | null,
  { origin, warnings }: PreparedQuestion,
  { observe }: EnquirerParts,
): void {
  const told = before?.warnings ?? [];
  const moved =
    before === null || before.origin === origin
      ? []
      : [`the document moved the introspection endpoint from ${before.origin} to ${origin}`];
  for (const clause of [...moved, ...warnings.filter((warning) => !told.includes(warning))]) {
    observe({ event: 'lifecycle', phase: 'warning', detail: `metadata of client "${name}": ${clause}` });
  }
}

function settle(
  client: ClientContext,
  metadata: ServerMetadata,
  known: AuthenticationChoice | null,
  parts: SettlingParts,
): Result<PreparedQuestion, Fault> {
  const { introspectionEndpoint, authentication } = metadata;
  const choice = chooseAuthentication(client.authentication, authentication, known);
  if (!choice.ok) return fail(settingsFault('metadata_invalid', choice.failure));
  const authenticator = createAuthenticator(client, choice.value, metadata, parts);
  const reader = parts.answers.readerFor(metadata);
  if (!reader.ok) return fail(settingsFault('metadata_invalid', reader.failure));
  const question = prepareQuestion(client, introspectionEndpoint, authenticator, reader.value);
  if (!question.ok) {
    const detail = `the introspection endpoint is refused: ${question.failure}`;
    return fail(settingsFault('metadata_invalid', detail));
  }
  const { tokenEndpoint, jwksUri, answerAlgorithms, warnings } = metadata;
  const used = [introspectionEndpoint, tokenEndpoint, choice.value, jwksUri, answerAlgorithms, warnings];
  return succeed({ ...question.value, basis: JSON.stringify(used), warnings });
}
