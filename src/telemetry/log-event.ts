import { type Clock, type HouseEvent, milliseconds, type RequestContext } from '../domain/index.ts';
import { levelOf, type Line, lineOf, type LoggedEvent } from './log-lines.ts';
import type { Fields, Log, LogLevel } from './log.ts';
import { createRepeatLimit } from './repeat-limit.ts';

/** What the token of a request is called in log lines; `null`: there is none that could be used. */
export type FingerprintOf = (context: RequestContext, route: string | null) => string | null;

export interface EventLog {
  readonly logEvent: (event: HouseEvent) => void;
  /** Writes the counts of lines that were held back. */
  readonly settle: () => void;
}

const REPEATS = { window: milliseconds(10_000), kindsMax: 1000 };

/**
 * Writes house events to the log: of what comes in floods the first at once and then a line with the count of
 * repeats at most every ten seconds. Nothing is put together for a level that is off.
 */
export function createEventLog({
  log,
  clock,
  fingerprintOf,
}: {
  readonly log: Log;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly fingerprintOf: FingerprintOf;
}): EventLog {
  const repeats = createRepeatLimit({ clock }, REPEATS);

  return { logEvent, settle: () => repeats.settle() };

  function logEvent(event: HouseEvent): void {
    const level = levelOf(event);
    if (level === null || !log.isOn(level)) return;

    const line = lineOf(event as LoggedEvent);
    const isWritten = !line.isRepetitive || admits(level, event.event, line);
    if (isWritten) log.write(level, event.event, fieldsOf(event, line), line.message);
    // Whoever looks at debug sees every decision.
    else if (event.event === 'decided' && log.isOn('debug'))
      log.write('debug', event.event, fieldsOf(event, line));
  }

  /** Only of a line that is written: a fingerprint costs more than all the rest of it. */
  function fieldsOf(event: HouseEvent, { fields }: Line): Fields {
    if (event.event !== 'decided') return fields;
    const { context, decision } = event;
    return { ...fields, token_fingerprint: context === null ? null : fingerprintOf(context, decision.route) };
  }

  function admits(level: LogLevel, event: HouseEvent['event'], { matter }: Line): boolean {
    const kind = `${event} ${Object.values(matter).join(' ')}`;
    return repeats.admit(kind, ({ repeated, overMs, isMixed }) => {
      const count = { repeated, over_ms: Math.round(overMs) };
      if (isMixed) log.write('warn', 'repeated', count, 'Repeats of various matters.');
      else log.write(level, event, { ...matter, ...count }, 'Repeated.');
    });
  }
}
