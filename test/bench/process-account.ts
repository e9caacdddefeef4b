import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds that all threads of a process have spent on a processor, by the scheduler's own account. */
export function cpuTimeOf(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [onCpu] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ');
      total += Number(onCpu);
    } catch {
      // The thread has ended since the folder was read.
    }
  }
  return total;
}

/** Resident memory of a process in bytes. */
export function residentMemoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`the resident memory of process ${pid} is not told`);
  return Number(kibibytes) * 1_024;
}

/** Processes that were started by this one and, in turn, by them. */
export function descendantsOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}
