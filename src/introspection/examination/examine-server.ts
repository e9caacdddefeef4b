import { URL } from 'node:url';

import { createTurns } from '../../bounds/index.ts';
import type { ClientContext } from '../../domain/index.ts';
import {
  type AuthenticationChoice,
  chooseAuthentication,
  NOTHING_SAID,
  type OfferedAuthentication,
} from '../authentication/client-authentication.ts';
import type { EnquirerParts, IntrospectorParts } from '../introspector-parts.ts';
import { createQuestionSource } from '../question/question-source.ts';
import { needsMetadata, type ServerMetadata } from '../discovery/read-metadata.ts';
import { readTarget } from '../connection/target.ts';
import { examineMetadata } from './examine-metadata.ts';
import { examineQuestion } from './examine-question.ts';
import { examineWay } from './examine-way.ts';
import { type Chapter, createNotes, type Finding, quoted, withoutQuery } from './finding.ts';

/**
 * Finds out how well the authorization server of a client and its settings go together, step by step as an enquiry would
 * go, and what to set where they do not.
 *
 * Out: findings, told as they are made; whether introspection would work.
 * Never: our credentials, or a token of anybody's, sent to a place where the settings as they are would not send them.
 */
export async function examineServer(
  client: ClientContext,
  parts: Omit<IntrospectorParts, 'discoveriesAtOnce'>,
  tell: (finding: Finding) => void,
): Promise<boolean> {
  let works = true;
  const hear = (finding: Finding): void => {
    if (finding.weight === 'broken') works = false;
    tell(finding);
  };
  await examine(client, { ...parts, discoveriesAtOnce: () => 1, discoveries: createTurns(() => 1) }, hear);
  return works;
}

async function examine(
  client: ClientContext,
  parts: EnquirerParts,
  tell: (finding: Finding) => void,
): Promise<void> {
  const isNeeded = needsMetadata(client);
  tellSettings(client, tell);

  const examined = new Set<string>();
  const examineOnce = async (url: string, isOnTheWay: boolean): Promise<void> => {
    const { origin } = new URL(url);
    if (examined.has(origin)) return;
    examined.add(origin);
    const chapter: Chapter = { kind: 'way', origin };
    await examineWay(origin, client, parts, createNotes(chapter, tell, { isNeeded: isOnTheWay }));
  };

  let metadata: ServerMetadata | null = null;
  const place = client.metadataUrl ?? client.issuer;
  if (place !== null) {
    await examineOnce(place, isNeeded || isSameOrigin(place, client.introspection.endpoint));
    metadata = await examineMetadata(client, parts, createNotes({ kind: 'metadata' }, tell, { isNeeded }));
  }
  if (isNeeded && metadata === null) return;
  const endpoint = metadata?.introspectionEndpoint ?? client.introspection.endpoint;
  if (endpoint === null) return;

  if (readTarget(endpoint, client).ok) await examineOnce(endpoint, true);
  if (!mayAuthenticate(client, metadata?.authentication ?? NOTHING_SAID, tell)) return;
  const source = createQuestionSource(client, parts);
  const question = await source.get();
  source.pause();
  const notes = createNotes({ kind: 'question' }, tell);
  if (!question.ok) {
    notes.broken(question.failure.detail ?? question.failure.reason);
    return;
  }
  await examineQuestion(question.value, parts, notes);
}

function tellSettings(client: ClientContext, tell: (finding: Finding) => void): void {
  const notes = createNotes({ kind: 'settings' }, tell);
  const { issuer, introspection, clientId, acceptIssuers } = client;
  if (issuer !== null) {
    notes.fact(`issuer ${quoted(issuer)}`);
    const others = acceptIssuers.map((accepted) => ` or ${quoted(accepted)}`).join('');
    notes.fact(`answers that name an "iss" must name ${quoted(issuer)}${others}; see \`acceptIssuers\``);
  }
  if (introspection.endpoint !== null)
    notes.fact(`endpoint ${withoutQuery(introspection.endpoint)}, as \`introspection.endpoint\` says`);
  notes.fact(`client id ${quoted(clientId)}`);
}

function isSameOrigin(one: string, other: string | null): boolean {
  return other !== null && new URL(one).origin === new URL(other).origin;
}

function mayAuthenticate(
  client: ClientContext,
  offered: OfferedAuthentication,
  tell: (finding: Finding) => void,
): boolean {
  const notes = createNotes({ kind: 'authentication' }, tell);
  const choice = chooseAuthentication(client.authentication, offered, null);
  if (choice.ok) notes.fine(wordsOf(choice.value, offered.methods));
  else notes.broken(choice.failure, ...adviceFor(client, offered.methods ?? []));
  return choice.ok;
}

function wordsOf({ method, algorithm }: AuthenticationChoice, methods: readonly string[] | null): string {
  const how = algorithm === null ? method : `${method}, signed with ${algorithm}`;
  return methods === null ? `${how}; nothing says what is taken there` : `${how}, which the metadata lists`;
}

/** Methods that go with what the client has, else what it would need for the others. */
function adviceFor({ authentication, tls }: ClientContext, methods: readonly string[]): readonly string[] {
  const possible = [
    ...('secret' in authentication ? ['client_secret_basic', 'client_secret_post', 'client_secret_jwt'] : []),
    ...('key' in authentication ? ['private_key_jwt'] : []),
    ...(tls.certificate === undefined ? [] : ['tls_client_auth', 'self_signed_tls_client_auth']),
  ];
  const listed = possible.filter((method) => methods.includes(method));
  if (listed.length > 0) return listed.map((method) => `auth: ${method}`);
  return LACKING.filter(([method]) => methods.includes(method)).map(([, settings]) => settings);
}

const CERTIFICATE = 'tls: { cert: CERTIFICATE, key: PRIVATE-KEY }';
const LACKING: readonly (readonly [method: string, settings: string])[] = [
  ['private_key_jwt', 'auth: { method: private_key_jwt, key: { file: PRIVATE-KEY } }'],
  ['tls_client_auth', `auth: tls_client_auth\n${CERTIFICATE}`],
  ['self_signed_tls_client_auth', `auth: self_signed_tls_client_auth\n${CERTIFICATE}`],
  ['client_secret_basic', 'auth: client_secret_basic\nclientSecret: { file: SECRET }'],
  ['client_secret_post', 'auth: client_secret_post\nclientSecret: { file: SECRET }'],
  ['Bearer', 'auth: { method: bearer, token: { file: ACCESS-TOKEN } }'],
];
