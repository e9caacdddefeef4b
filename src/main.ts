#!/usr/bin/env node
import { run } from './cli/run.ts';

process.exitCode = await run({
  argv: process.argv.slice(2),
  environment: process.env,
  nodeVersion: process.versions.node,
  isTerminal: process.stdout.isTTY,
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
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
