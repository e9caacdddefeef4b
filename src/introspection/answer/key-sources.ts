import type { AnswerKeySettings, ClientContext, SignedAnswerSettings } from '../../domain/index.ts';
import {
  type AnswerKeys,
  createFixedKeys,
  createPublishedKeys,
  createSecretKeys,
  type LastingSecret,
} from './answer-keys.ts';
import type { EnquirerParts } from '../introspector-parts.ts';

/** Where the keys of one client come from, whatever question is in force. */
export interface KeySources {
  /** `null`: nobody says where. */
  at(jwksUri: string | null): AnswerKeys | null;
  readonly current: AnswerKeys | null;
  /** Nothing is fetched off the path of requests, from any place, until it is resumed. */
  pause(): void;
  resume(): void;
}

/** The same keys for the same place; of a place that metadata names no longer, nothing is kept up. */
export function createKeySources(
  client: ClientContext,
  settings: SignedAnswerSettings,
  parts: EnquirerParts,
): KeySources {
  const fixed = fixedKeysOf(client, settings, parts);
  if (fixed !== null)
    return { at: () => fixed, current: fixed, pause: () => undefined, resume: () => undefined };
  let published: { readonly url: string; readonly keys: AnswerKeys } | null = null;
  let isPaused = false;

  return {
    at(jwksUri) {
      const url = urlOf(settings.keys, jwksUri);
      if (url === null) return null;
      if (published?.url === url) return published.keys;
      published?.keys.pause();
      published = { url, keys: createPublishedKeys(url, client, parts) };
      if (isPaused) published.keys.pause();
      return published.keys;
    },
    get current() {
      return published?.keys ?? null;
    },
    pause() {
      isPaused = true;
      published?.keys.pause();
    },
    resume() {
      isPaused = false;
      published?.keys.resume();
    },
  };
}

function fixedKeysOf(
  client: ClientContext,
  { keys, algorithms }: SignedAnswerSettings,
  { clock }: EnquirerParts,
): AnswerKeys | null {
  if (keys.kind === 'fixed') return createFixedKeys(keys.keys);
  if (keys.kind !== 'secret') return null;
  return createSecretKeys(
    [{ secret: keys.secret, until: null }, ...previousOf(client)],
    algorithms ?? [],
    clock,
  );
}

/** A server that does not know of our new secret yet signs with the old one. */
function previousOf({ previous = null }: ClientContext): readonly LastingSecret[] {
  if (previous === null || !('secret' in previous.authentication)) return [];
  return [{ secret: previous.authentication.secret, until: previous.until }];
}

function urlOf(keys: AnswerKeySettings, jwksUri: string | null): string | null {
  return keys.kind === 'url' ? keys.url : jwksUri;
}
