import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const run = promisify(execFile);

interface Manifest {
  readonly exports: { readonly '.': { readonly types: string; readonly default: string } };
  readonly dependencies: Readonly<Record<string, string>>;
}
const readManifest = async () => JSON.parse(await readFile('package.json', 'utf8')) as Manifest;

describe('the package', () => {
  it('can be used from code by its name, with types beside it', async () => {
    const code = `
      const { openHouse, readSettings } = await import('gatehouse-authz');
      console.log(typeof openHouse, typeof readSettings);`;
    const { stdout } = await run('node', ['--input-type=module', '--eval', code]);
    expect(stdout.trim()).toBe('function function');
    await access((await readManifest()).exports['.'].types);
  });

  it('is tested on the Node it is developed for', () => {
    expect(process.version).toMatch(/^v24\./);
  });

  it('locks no download address', async () => {
    expect(await readFile('package-lock.json', 'utf8')).not.toContain('"resolved"');
  });

  it.each([
    ['@grpc/grpc-js', [1, 14, 4]],
    ['protobufjs', [7, 5, 6]],
  ])(
    'locks %s with the fixes its doors rely on (T-56, T-66)',
    async (name, [major = 0, minor = 0, patch = 0]) => {
      const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
        packages: Record<string, { version: string }>;
      };
      const version = lock.packages[`node_modules/${name}`]?.version ?? '';
      const [foundMajor = 0, foundMinor = 0, foundPatch = 0] = version.split('.').map(Number);
      expect(foundMajor).toBe(major);
      expect(foundMinor * 1_000 + foundPatch).toBeGreaterThanOrEqual(minor * 1_000 + patch);
    },
  );
});
