import {
  type Clock,
  type Milliseconds,
  type MonotonicMilliseconds,
  monotonicMilliseconds,
} from '../../domain/index.ts';

/** Runs a task later, and returns the way to call it off. */
export type Schedule = (delay: Milliseconds, task: () => void) => () => void;

/** At most one thing to do later. */
export interface Appointment {
  /** `null`: nothing is planned. */
  readonly at: MonotonicMilliseconds | null;
  /** In place of what was planned before. */
  plan(delay: Milliseconds, task: () => void): void;
  cancel(): void;
}

export function createAppointment(
  clock: Pick<Clock, 'monotonic'>,
  schedule: Schedule = afterwards,
): Appointment {
  let at: MonotonicMilliseconds | null = null;
  let callOff: (() => void) | null = null;

  return {
    get at() {
      return at;
    },
    plan(delay, task) {
      cancel();
      at = monotonicMilliseconds(clock.monotonic() + delay);
      callOff = schedule(delay, () => {
        at = null;
        callOff = null;
        task();
      });
    },
    cancel,
  };

  function cancel(): void {
    callOff?.();
    callOff = null;
    at = null;
  }
}

/** Never keeps the process alive. */
const afterwards: Schedule = (delay, task) => {
  const timer = setTimeout(task, delay);
  timer.unref();
  return () => clearTimeout(timer);
};
