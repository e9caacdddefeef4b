import { Keyv, type KeyvStoreAdapter } from 'keyv';

/**
 * A Keyv over a store adapter as the shared cache wants it:
 * names go to the store as they are (Keyv would put its own prefix before them, twice with some adapters),
 * values are the bare text, and a failed call rejects instead of looking like a miss.
 */
export function openKeyv(adapter: KeyvStoreAdapter | Map<string, string>): Keyv<string> {
  const store = new Keyv<string>({
    store: adapter,
    useKeyPrefix: false,
    throwOnErrors: true,
    // When an entry ends is sealed inside it, and the store is told with each call; Keyv's envelope adds nothing.
    serialize: ({ value }) => String(value),
    // Keyv's type lets the caller choose what comes out; of a Keyv<string> it is the text.
    deserialize: (text) => ({ value: text as never }),
  });
  // Set by the constructor unless it is emptied afterwards.
  store.namespace = undefined;
  // Every failed call is counted where it was made.
  store.on('error', () => undefined);
  return store;
}
