import { aRequest } from '../support/builders.ts';
import { ANY_AGE } from '../../src/domain/index.ts';
import {
  DEMANDS_NOTHING,
  type HouseEvent,
  type RequestContext,
  type Requirement,
  type RouteSettings,
} from '../../src/domain/index.ts';
import { createPolicy, type Policy, type Rule } from '../../src/policy/index.ts';

/** A route in few words; lists and objects become what the settings file would make of them. */
export interface RouteWords {
  readonly name?: string;
  readonly hosts?: readonly string[];
  readonly paths?: readonly string[];
  readonly methods?: readonly string[];
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly context?: Readonly<Record<string, readonly string[]>>;
  readonly serverNames?: readonly string[];
  readonly routeMetadata?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly clientAddresses?: readonly string[];
  readonly peerPrincipals?: readonly string[];
  readonly otherwise?: RouteSettings['otherwise'];
  readonly mode?: RouteSettings['mode'];
  readonly path?: Partial<RouteSettings['path']>;
  readonly require?: readonly Partial<Requirement>[];
  /** Header name to claim path. */
  readonly sets?: Readonly<Record<string, readonly string[]>>;
  readonly join?: string;
  readonly enforce?: boolean;
  readonly credential?: RouteSettings['credential'];
  readonly clients?: readonly string[];
  readonly anonymous?: string;
  readonly authorization?: RouteSettings['upstream']['authorization'];
  readonly metadata?: RouteSettings['upstream']['metadata'];
}

export function aRoute(words: RouteWords = {}): RouteSettings {
  return {
    name: words.name ?? 'everything',
    match: {
      hosts: words.hosts ?? [],
      paths: words.paths ?? [],
      methods: words.methods ?? [],
      headers: new Map(Object.entries(words.headers ?? {})),
      context: new Map(Object.entries(words.context ?? {})),
      serverNames: words.serverNames ?? [],
      routeMetadata: new Map(
        Object.entries(words.routeMetadata ?? {}).map(([namespace, demanded]) => [
          namespace,
          new Map(Object.entries(demanded)),
        ]),
      ),
      filterMetadata: new Map(),
      clientAddresses: words.clientAddresses ?? [],
      peerPrincipals: words.peerPrincipals ?? [],
    },
    otherwise: words.otherwise ?? 'deny',
    clients: words.clients ?? [],
    tryInOrder: false,
    mode: words.mode ?? 'required',
    enforce: words.enforce ?? true,
    credential: words.credential ?? null,
    path: {
      encodedSlash: 'deny',
      semicolon: 'deny',
      backslash: 'deny',
      caseSensitive: true,
      trailingSlash: 'same',
      ...words.path,
    },
    require: (words.require ?? []).map((requirement) => ({
      ...DEMANDS_NOTHING,
      ...requirement,
    })),
    age: ANY_AGE,
    upstream: {
      headers: Object.entries(words.sets ?? {}).map(([name, claim]) => ({
        name,
        claim,
        join: words.join ?? ',',
      })),
      anonymous: words.anonymous ?? null,
      authorization: words.authorization ?? 'strip',
      metadata: words.metadata ?? ['sub', 'client_id', 'scope', 'aud', 'iss', 'exp'],
    },
  };
}

/** A policy that keeps what it told. */
export function aPolicy(
  routes: readonly RouteWords[],
  settings: { readonly scrub?: readonly string[] } = {},
): Policy & { readonly events: readonly HouseEvent[] } {
  const events: HouseEvent[] = [];
  const policy = createPolicy(
    routes.map(aRoute),
    { scrub: settings.scrub ?? [] },
    { observe: (event) => void events.push(event) },
  );
  return { ...policy, events };
}

/** The name of the rule, or the reason of the refusal. */
export function ruleOf(policy: Policy, request: Parameters<typeof aRequest>[0] = {}): string {
  const found = policy.find(aRequest(request));
  return found.kind === 'rule' ? found.rule.name : found.decision.reason;
}

/** The rule of a request that must have one. */
export function theRule(policy: Policy, context: RequestContext): Rule {
  const found = policy.find(context);
  if (found.kind === 'refused') throw new Error(`the request has no rule: ${found.decision.reason}`);
  return found.rule;
}
