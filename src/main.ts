#!/usr/bin/env node
import { flagsToAdd } from './cli/young-generation.ts';

relaunchWithFlags();
// Loaded only now: a process that takes its own place must not load everything twice.
const { run } = await import('./cli/run.ts');

process.exitCode = await run({
  argv: process.argv.slice(2),
  environment: process.env,
  nodeVersion: process.versions.node,
  isTerminal: process.stdout.isTTY,
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  readInput: async () => {
    const { text } = await import('node:stream/consumers');
    return text(process.stdin);
  },
  onSignal(signal, listener) {
    process.on(signal, listener);
    return () => void process.off(signal, listener);
  },
  onCrash(listener) {
    process.on('uncaughtException', listener);
    process.on('unhandledRejection', listener);
    return () => {
      process.off('uncaughtException', listener);
      process.off('unhandledRejection', listener);
    };
  },
});

/** Takes its own place with the flags that are missing: the same process id, the same files. Where that cannot be, goes on without. */
function relaunchWithFlags(): void {
  const [script = '', ...argv] = process.argv.slice(1);
  const { execArgv, env, execPath } = process;
  const flags = flagsToAdd({ argv, execArgv, nodeOptions: env['NODE_OPTIONS'] ?? '' });
  if (flags.length === 0 || typeof process.execve !== 'function') return;
  try {
    process.execve(execPath, [execPath, ...execArgv, ...flags, script, ...argv], env);
  } catch {
    // Windows, or a sandbox that forbids it.
  }
}
