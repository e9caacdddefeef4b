import { type Clock, type Milliseconds, milliseconds, type MonotonicMilliseconds } from '../domain/index.ts';

/** Lets the first of its kind through and counts the rest, so that an outage does not flood the log. */
export interface RepeatLimit {
  /** True: write it. False: it was counted, and the count will be handed to `summarise` of the first of its kind. */
  admit(kind: string, summarise: Summarise): boolean;
  /** Hands over every count at once, due or not. */
  settle(): void;
}

/** At most once in a window for each kind. */
export type Summarise = (counted: Counted) => void;

export interface Counted {
  readonly repeated: number;
  readonly overMs: Milliseconds;
  /** Other kinds are among them, because there were too many to keep apart. */
  readonly isMixed: boolean;
}

export interface RepeatLimitSettings {
  readonly window: Milliseconds;
  /** So many kinds are kept apart at once; what comes beyond them shares one more window. */
  readonly kindsMax: number;
}

interface Window {
  readonly summarise: Summarise;
  readonly isMixed: boolean;
  since: MonotonicMilliseconds;
  repeated: number;
}

/** Kind of all that find no window of their own. */
const REST = '';

export function createRepeatLimit(
  { clock }: { readonly clock: Pick<Clock, 'monotonic'> },
  { window: windowMs, kindsMax }: RepeatLimitSettings,
): RepeatLimit {
  const windows = new Map<string, Window>();
  let timer: NodeJS.Timeout | null = null;

  return { admit, settle };

  function admit(wanted: string, summarise: Summarise): boolean {
    const now = clock.monotonic();
    const kind = placeFor(wanted, now);
    const known = windows.get(kind);
    if (known === undefined || isIdle(known, now)) {
      windows.set(kind, { summarise, isMixed: kind === REST, since: now, repeated: 0 });
      return true;
    }

    known.repeated += 1;
    if (isOver(known, now)) handOver(known, now);
    else waitFor(known, now);
    return false;
  }

  function settle(): void {
    const now = clock.monotonic();
    for (const window of windows.values()) if (window.repeated > 0) handOver(window, now);
  }

  function placeFor(kind: string, now: MonotonicMilliseconds): string {
    if (windows.has(kind) || windows.size < kindsMax) return kind;
    for (const [old, window] of windows) if (isIdle(window, now)) windows.delete(old);
    return windows.size < kindsMax ? kind : REST;
  }

  /** One timer for all; a window may close one window's length late, never early. */
  function waitFor(window: Window, now: MonotonicMilliseconds): void {
    timer ??= setTimeout(handOverWhatIsDue, windowMs - (now - window.since)).unref();
  }

  function handOverWhatIsDue(): void {
    timer = null;
    const now = clock.monotonic();
    for (const window of windows.values()) {
      if (window.repeated === 0) continue;
      if (isOver(window, now)) handOver(window, now);
      else waitFor(window, now);
    }
  }

  function handOver(window: Window, now: MonotonicMilliseconds): void {
    const { repeated, since, isMixed } = window;
    window.since = now;
    window.repeated = 0;
    window.summarise({ repeated, overMs: milliseconds(now - since), isMixed });
  }

  function isOver({ since }: Window, now: MonotonicMilliseconds): boolean {
    return now - since >= windowMs;
  }

  function isIdle(window: Window, now: MonotonicMilliseconds): boolean {
    return window.repeated === 0 && isOver(window, now);
  }
}
