import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { bytes } from '../../src/domain/index.ts';
import { openLogDestination } from '../../src/telemetry/log-destination.ts';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
const ROOMY = { maxWaiting: bytes(8 * 1024 * 1024) };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-destination-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('openLogDestination', () => {
  it('writes lines to a file at once and in order', () => {
    const path = join(folder, 'log');
    const fd = openSync(path, 'w');
    const destination = openLogDestination(fd, ROOMY);

    destination.write('one\n');
    destination.write('zwei – deux\n');

    expect(readFileSync(path, 'utf8')).toBe('one\nzwei – deux\n');
    closeSync(fd);
  });

  it('does not wait for a slow reader, and hands it every line whole and in order once it reads', async () => {
    const pipe = aPipe();
    const destination = openLogDestination(pipe.writer, ROOMY);
    // More than a pipe holds, in lines longer than what a pipe takes whole.
    const lines = Array.from({ length: 60 }, (_, index) => `${index} ${'é'.repeat(2500)}\n`);

    for (const line of lines) destination.write(line);
    let seen = '';
    for (let tries = 0; tries < 200 && !seen.endsWith(lines.at(-1)!); tries += 1) {
      seen += pipe.read();
      await passed(10);
    }

    expect(seen).toBe(lines.join(''));
    expect(destination.dropped).toBe(0);
    pipe.close();
  });

  it('throws whole lines away, and counts them, rather than keep more than its bound', () => {
    const pipe = aPipe();
    const destination = openLogDestination(pipe.writer, { maxWaiting: bytes(10_000) });
    for (let line = 0; line < 2000; line += 1) destination.write(`${'x'.repeat(99)}\n`);
    const { dropped } = destination;

    let seen = '';
    for (let reads = 0; reads < 10; reads += 1) {
      seen += pipe.read();
      if (reads === 0) destination.flush();
    }
    const lines = seen.split('\n').filter((line) => line !== '');
    expect(new Set(lines)).toEqual(new Set(['x'.repeat(99)]));
    expect(lines.length + dropped).toBe(2000);
    expect(dropped).toBeGreaterThan(1000);
    pipe.close();
  });

  it('goes on without a word when its reader has gone, and counts what is lost', () => {
    const pipe = aPipe();
    const destination = openLogDestination(pipe.writer, ROOMY);
    destination.write('seen\n');
    pipe.closeReader();

    for (let line = 0; line < 5; line += 1) destination.write('lost\n');
    destination.flush();

    expect(destination.dropped).toBe(5);
    closeSync(pipe.writer);
  });

  it('counts lines that a full disk refuses, and takes the next one', () => {
    const fd = openSync('/dev/full', 'w');
    const destination = openLogDestination(fd, ROOMY);

    for (let line = 0; line < 3; line += 1) destination.write('lost\n');
    destination.flush();

    expect(destination.dropped).toBe(3);
    closeSync(fd);
  });

  it('ends its flush when the reader has gone with lines still waiting', () => {
    const pipe = aPipe();
    const destination = openLogDestination(pipe.writer, ROOMY);
    for (let line = 0; line < 1000; line += 1) destination.write(`${'x'.repeat(99)}\n`);
    pipe.closeReader();

    destination.flush();
    expect(destination.dropped).toBeGreaterThan(300);
    closeSync(pipe.writer);
  });
});

describe('standard output', () => {
  const script = `
    import { createTelemetry } from ${JSON.stringify(fileURLToPath(new URL('../../src/telemetry/index.ts', import.meta.url)))};
    const clock = { now: () => 0, monotonic: () => 0 };
    const telemetry = createTelemetry({ level: 'debug', pretty: false, version: '1' }, { clock });
    const event = { event: 'lifecycle', phase: 'starting', detail: 'x'.repeat(400) };
    for (let line = 0; line < Number(process.argv[1]); line += 1) telemetry.observe(event);
    telemetry.flush();
    process.exit(7);
  `;

  it('has every line when the process exits right after the flush', async () => {
    const { code, lines } = await run('1000', (child) => child.stdout.resume());
    expect(code).toBe(7);
    expect(lines).toBe(1000);
  });

  it('does not hold the exit when its reader stands still', async () => {
    const { code } = await run('1000', (child) => child.stdout.pause());
    expect(code).toBe(7);
  });

  it('does not hold the exit when its reader has gone', async () => {
    const { code } = await run('1000', (child) => child.stdout.destroy());
    expect(code).toBe(7);
  });

  async function run(lineCount: string, read: (child: ReturnType<typeof start>) => void) {
    const child = start(lineCount);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    read(child);
    const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
    if (!child.stdout.destroyed && !child.stdout.isPaused()) await passed(50);
    return { code, lines: text.split('\n').length - 1 };
  }

  function start(lineCount: string) {
    return spawn(process.execPath, ['--input-type=module', '-e', script, lineCount], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
  }
});

/** A named pipe, both ends of which do not block. */
function aPipe() {
  const path = join(folder, `pipe-${Math.random()}`);
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const writer = openSync(path, O_WRONLY | O_NONBLOCK);
  const decoder = new TextDecoder();
  return {
    writer,
    read(): string {
      const chunk = Buffer.alloc(64 * 1024);
      try {
        return decoder.decode(chunk.subarray(0, readSync(reader, chunk)), { stream: true });
      } catch {
        return '';
      }
    },
    closeReader: () => closeSync(reader),
    close() {
      closeSync(reader);
      closeSync(writer);
    },
  };
}
