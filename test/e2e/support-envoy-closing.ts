/** Closes what was opened, the last first: at the end, or when something in between did not open. */
export interface Closing {
  /** Waits for a thing to open, and remembers how it is closed. */
  readonly open: <Thing>(
    opening: Promise<Thing>,
    close: (thing: Thing) => Promise<unknown>,
  ) => Promise<Thing>;
  readonly close: () => Promise<void>;
}

/** Runs `build`; when it fails, closes what it had opened. */
export async function opening<Scene>(build: (closing: Closing) => Promise<Scene>): Promise<Scene> {
  const closers: (() => Promise<unknown>)[] = [];
  const closing: Closing = {
    async open(thing, close) {
      const opened = await thing;
      closers.push(() => close(opened));
      return opened;
    },
    async close() {
      for (const closer of closers.splice(0).reverse()) await closer();
    },
  };
  try {
    return await build(closing);
  } catch (error) {
    await closing.close();
    throw error;
  }
}
