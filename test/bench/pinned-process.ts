import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';

/** Which side of the measurement a process is on. What is measured has a processor of its own where there are two. */
export type Side = 'measured' | 'around';

export interface PinnedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it wrote to stderr, for messages. */
  readonly complaints: () => string;
  stop(): Promise<void>;
}

const TASKSET = '/usr/bin/taskset';
const canPin = existsSync(TASKSET) && availableParallelism() >= 2;

export const PINNING = canPin ? 'server on processor 0, all else on the others' : 'none';

/** Starts a process on the processors of its side. It ends with us, at the latest when its channel closes. */
export function startPinned(
  command: string,
  args: readonly string[],
  side: Side,
  {
    environment = {},
    cores,
  }: { readonly environment?: Readonly<Record<string, string>>; readonly cores?: string } = {},
): PinnedProcess {
  const processors = cores ?? (side === 'measured' ? '0' : `1-${availableParallelism() - 1}`);
  const words = canPin ? [TASKSET, '-c', processors, command, ...args] : [command, ...args];
  const [program = command, ...rest] = words;
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...environment },
    serialization: 'json',
  });
  let complaints = '';
  child.stdout?.resume();
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (complaints = (complaints + text).slice(-4_000)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));

  return {
    // taskset replaces itself by the program, so this is the program's own.
    pid: child.pid ?? -1,
    child,
    complaints: () => complaints,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const alarm = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(alarm);
    },
  };
}

/** The next message of a child, or an error that says how it ended instead. */
export function nextMessage<Message>(started: PinnedProcess, within = 60_000): Promise<Message> {
  return new Promise((resolve, reject) => {
    const alarm = setTimeout(() => done(() => reject(new Error(`no message within ${within} ms`))), within);
    const onMessage = (message: unknown): void => done(() => resolve(message as Message));
    const onExit = (): void =>
      done(() => reject(new Error(`a process ended early: ${started.complaints()}`)));
    started.child.once('message', onMessage);
    started.child.once('exit', onExit);

    function done(settle: () => void): void {
      clearTimeout(alarm);
      started.child.removeListener('message', onMessage);
      started.child.removeListener('exit', onExit);
      settle();
    }
  });
}
