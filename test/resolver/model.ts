import type { AnswerAge, ClientContext, FaultReason } from '../../src/domain/index.ts';

/**
 * The simplest thing that could be right: what the server says, until when each answer may be served and to whom, and
 * what is known of an outage. Written against the documents; shares nothing with the resolver.
 */
export interface Model {
  steadyMs: number;
  wallMs: number;
  /** By client and token, as is all that follows. */
  readonly says: Map<string, Said>;
  /** What every enquiry ends with; `null`: the server is there. */
  out: FaultReason | null;
  readonly memory: Map<string, Kept>;
  readonly store: Map<string, Told>;
  /** Faults in the single flight: they do not touch what is kept. */
  readonly held: Map<string, { readonly reason: FaultReason; readonly untilMs: number }>;
  /** By client. */
  readonly evidence: Map<string, Evidence>;
  readonly sharesInactive: boolean;
  invented: number;
}

export type Said =
  | { readonly kind: 'active'; readonly livesForSeconds: number | null }
  | { readonly kind: 'inactive' }
  | FaultReason;

/** An answer as the store has it; times of the wall clock. */
export interface Told {
  readonly answer: string;
  readonly kind: 'active' | 'inactive';
  readonly storedAtMs: number;
  readonly softAtMs: number;
  readonly keepUntilMs: number;
  readonly expMs: number | null;
}

/** An answer as memory has it; times of the steady clock. */
interface Kept {
  readonly told: Told;
  readonly askedAtMs: number;
  readonly servedUntilMs: number;
  refreshAtMs: number;
  uses: number;
}

interface Evidence {
  readonly failed: Set<string>;
  lastFailureMs: number;
  nextProbeMs: number;
}

export interface Expected {
  readonly answer: string;
  /** Everybody who is asked because of this, in order. */
  readonly asked: readonly string[];
}

export const STALE_MOST_MS = 60_000;
const HELD: ReadonlySet<FaultReason> = new Set(['introspection_server_error', 'introspection_unreadable']);
const OUT: ReadonlySet<FaultReason> = new Set(['introspection_timeout', 'introspection_server_error']);
const ANY: AnswerAge = { freshness: null, stale: 0 as AnswerAge['stale'] };

export function aModel(wallMs: number, sharesInactive: boolean): Model {
  return {
    steadyMs: 0,
    wallMs,
    says: new Map(),
    out: null,
    memory: new Map(),
    store: new Map(),
    held: new Map(),
    evidence: new Map(),
    sharesInactive,
    invented: 0,
  };
}

export function expectedOf(model: Model, client: ClientContext, token: string, age: AnswerAge): Expected {
  const name = `${client.name} ${token}`;
  const kept = model.memory.get(name);
  if (kept === undefined || !isServed(kept, model)) {
    return age.stale > 0 ? inOutage(model, client, name, age) : enquire(model, client, name, age, null);
  }
  kept.uses += 1;
  const ageMs = model.steadyMs - kept.askedAtMs;
  const isYoung =
    ageMs < longest(client, kept.told.kind) &&
    age.freshness !== 0 &&
    (age.freshness === null || ageMs <= age.freshness);
  if (!isYoung) return enquire(model, client, name, age, kept.told);

  if (model.sharesInactive && kept.uses === 1 && kept.told.kind === 'inactive')
    model.store.set(name, kept.told);
  const isRefreshed = model.steadyMs >= kept.refreshAtMs && kept.uses >= 5 && !isHeld(model, name);
  if (!isRefreshed) return { answer: kept.told.answer, asked: [] };
  kept.refreshAtMs = model.steadyMs + 2_000;
  const { asked } = enquire(model, client, name, ANY, kept.told);
  return { answer: kept.told.answer, asked };
}

function inOutage(model: Model, client: ClientContext, name: string, age: AnswerAge): Expected {
  const past = pastAnswer(model, name, age.stale);
  const isKnownOut = isConfirmed(model, client);
  const { answer, asked } = enquire(model, client, name, age, null);
  if (past === null) return { answer, asked };
  if (isKnownOut) return { answer: `${past}, stale`, asked };
  if (!OUT.has(answer as FaultReason)) return { answer, asked };

  const probes = probe(model, client);
  return isConfirmed(model, client)
    ? { answer: `${past}, stale`, asked: [...asked, ...probes] }
    : { answer, asked: [...asked, ...probes] };
}

/** From what is held, else from the store, else from the server. */
function enquire(
  model: Model,
  client: ClientContext,
  name: string,
  age: AnswerAge,
  known: Told | null,
): Expected {
  const held = model.held.get(name);
  if (held !== undefined && isHeld(model, name)) return { answer: held.reason, asked: [] };

  const inStore = valid(model.store.get(name), model);
  const read = age.freshness === 0 ? null : inStore;
  if (read !== null && suits(read, model, client, age, known)) {
    keep(model, name, read);
    return { answer: read.answer, asked: [] };
  }

  const said = model.out ?? model.says.get(name) ?? { kind: 'inactive' };
  if (typeof said === 'string') {
    failed(model, client, name, said);
    if (HELD.has(said)) model.held.set(name, { reason: said, untilMs: model.steadyMs + 250 });
    return { answer: said, asked: [name] };
  }
  model.evidence.get(client.name)?.failed.clear();
  const told = tellOf(said, model, client);
  keep(model, name, told);
  const wasActive = known?.kind === 'active' || (age.freshness === 0 ? inStore : read)?.kind === 'active';
  if (told.kind === 'active' || wasActive) model.store.set(name, told);
  return { answer: told.answer, asked: [name] };
}

function suits(told: Told, model: Model, client: ClientContext, age: AnswerAge, known: Told | null): boolean {
  const ageMs = model.wallMs - told.storedAtMs;
  if (ageMs >= longest(client, told.kind)) return false;
  if (age.freshness !== null && ageMs > age.freshness) return false;
  if (known === null) return true;
  const isDue = told.softAtMs < told.keepUntilMs && model.wallMs >= told.softAtMs;
  return told.storedAtMs > known.storedAtMs && !isDue;
}

function keep(model: Model, name: string, told: Told): void {
  const { steadyMs, wallMs } = model;
  const leftMs = Math.min(told.keepUntilMs - wallMs, told.keepUntilMs - told.storedAtMs);
  model.memory.set(name, {
    told,
    askedAtMs: steadyMs - Math.max(0, wallMs - told.storedAtMs),
    servedUntilMs: steadyMs + leftMs,
    refreshAtMs:
      told.softAtMs < told.keepUntilMs ? steadyMs + leftMs - (told.keepUntilMs - told.softAtMs) : Infinity,
    uses: 0,
  });
}

function tellOf(said: Exclude<Said, FaultReason>, { wallMs }: Model, client: ClientContext): Told {
  const base = { storedAtMs: wallMs, kind: said.kind } as const;
  const keptFor = (ms: number, softMs = ms) => ({ softAtMs: wallMs + softMs, keepUntilMs: wallMs + ms });
  if (said.kind === 'inactive') {
    return { ...base, ...keptFor(longest(client, 'inactive')), answer: 'inactive', expMs: null };
  }
  const most = longest(client, 'active');
  const softMs = Math.floor(most * (0.75 + (0.9 - 0.75) * 0.5));
  const { livesForSeconds } = said;
  if (livesForSeconds === null)
    return { ...base, ...keptFor(most, softMs), answer: 'active until null', expMs: null };

  const exp = Math.floor(wallMs / 1000) + livesForSeconds;
  const leftMs = exp * 1000 - wallMs;
  const told = { ...base, answer: `active until ${exp}`, expMs: exp * 1000 };
  if (leftMs <= 0) return { ...told, ...keptFor(longest(client, 'inactive')) };
  return leftMs < most ? { ...told, ...keptFor(leftMs) } : { ...told, ...keptFor(most, softMs) };
}

function longest({ cache }: ClientContext, kind: Told['kind']): number {
  return kind === 'inactive' ? 5_000 : (cache?.active ?? 60_000);
}

function isServed({ told, servedUntilMs }: Kept, { steadyMs, wallMs }: Model): boolean {
  return steadyMs < servedUntilMs && !(hasEnd(told) && told.expMs <= wallMs);
}

/** Whether its token was to end when it was told: only then can it have run out since. */
function hasEnd(told: Told): told is Told & { readonly expMs: number } {
  return told.expMs !== null && told.storedAtMs < told.expMs;
}

function valid(told: Told | undefined, { wallMs }: Model): Told | null {
  if (told === undefined || wallMs >= told.keepUntilMs) return null;
  return told.expMs !== null && told.expMs <= wallMs ? null : told;
}

function isHeld({ held, steadyMs }: Model, name: string): boolean {
  const known = held.get(name);
  return known !== undefined && steadyMs < known.untilMs;
}

function pastAnswer({ memory, steadyMs, wallMs }: Model, name: string, staleMs: number): string | null {
  const kept = memory.get(name);
  if (kept === undefined || kept.told.kind !== 'active') return null;
  const pastMs = steadyMs - kept.servedUntilMs;
  const isTokenOver = kept.told.expMs !== null && kept.told.expMs <= wallMs;
  return pastMs < 0 || pastMs >= STALE_MOST_MS || pastMs > staleMs || isTokenOver ? null : kept.told.answer;
}

function isConfirmed({ evidence, steadyMs }: Model, client: ClientContext): boolean {
  const known = evidence.get(client.name);
  return known !== undefined && known.failed.size >= 5 && steadyMs - known.lastFailureMs <= 15_000;
}

function failed(model: Model, client: ClientContext, name: string, reason: FaultReason): void {
  const known = model.evidence.get(client.name);
  if (!OUT.has(reason)) {
    known?.failed.clear();
    return;
  }
  const evidence = known ?? { failed: new Set(), lastFailureMs: 0, nextProbeMs: 0 };
  if (known === undefined) model.evidence.set(client.name, evidence);
  if (evidence.failed.size < 5) evidence.failed.add(name);
  evidence.lastFailureMs = model.steadyMs;
}

/** Random tokens, as many as are needed for five. */
function probe(model: Model, client: ClientContext): readonly string[] {
  const evidence = model.evidence.get(client.name);
  if (evidence === undefined || isConfirmed(model, client) || model.steadyMs < evidence.nextProbeMs)
    return [];
  evidence.nextProbeMs = model.steadyMs + 1_000;
  const names = Array.from({ length: 5 - evidence.failed.size }, () => {
    model.invented += 1;
    return `${client.name} ${Buffer.alloc(24, model.invented).toString('base64url')}`;
  });
  for (const name of names) {
    if (model.out === null) evidence.failed.clear();
    else failed(model, client, name, model.out);
  }
  return names;
}
