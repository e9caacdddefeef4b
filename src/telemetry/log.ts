import { pino } from 'pino';

import type { Clock } from '../domain/index.ts';
import { escapeControls } from './escape-controls.ts';
import type { LogDestination } from './log-destination.ts';
import { prettyLine } from './pretty-line.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Members of a line, `snake_case`; durations in milliseconds and named so. */
export type Fields = Readonly<Record<string, string | number | null | readonly string[]>>;

/** The log: one line each. Ask `isOn` before making what goes into a line. */
export interface Log {
  isOn(level: LogLevel): boolean;
  write(level: LogLevel, event: string, fields: Fields, message?: string): void;
  setLevel(level: LogLevel): void;
}

export interface LogParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly destination: Pick<LogDestination, 'write'>;
}

/**
 * In: members whose names and number this program chose. Out: JSON, one object a line, or a readable line:
 * `level` (a word), `time` (UTC, ISO 8601 with milliseconds: people read it, and every collector parses it),
 * `event`, the members, and where there is something to explain `msg`.
 * Never: a control character, C1 and those that turn the direction of text included (T-65); process id and host
 * name, which the collector knows better.
 */
export function createLog(
  { clock, destination }: LogParts,
  { level, pretty }: { readonly level: LogLevel; readonly pretty: boolean },
): Log {
  const logger = pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    },
    // JSON leaves C1 and text direction alone; inside its strings an escape means the same character.
    { write: (line) => destination.write(pretty ? prettyLine(line) : `${escapeControls(line.trimEnd())}\n`) },
  );

  return {
    isOn: (wanted) => logger.isLevelEnabled(wanted),
    write: (at, event, fields, message) => logger[at]({ event, ...fields }, message),
    setLevel(wanted) {
      logger.level = wanted;
    },
  };
}
