import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { runGatehouse } from '../support/gatehouse.ts';
import { temporaryFolder } from '../support/processes.ts';
import { fencedBlocks, repositoryPath, shippedText } from './shipped.ts';

describe('settings that are shown to users', () => {
  it('deploy/gatehouse.yaml has no problem and no warning', async () => {
    const { code, output } = await runGatehouse(
      ['check', '--config', repositoryPath('deploy/gatehouse.yaml')],
      {
        environment: {
          GATEHOUSE_CLIENT_SECRET: 'a-secret-of-this-test',
          GATEHOUSE_CACHE_KEY: Buffer.alloc(32, 7).toString('base64'),
        },
      },
    );
    expect({ code, output: output.match(/warning|error|problem/gi) ?? [] }).toEqual({ code: 0, output: [] });
  });

  it('deploy/gatehouse.yaml without its secrets is refused with exit code 2, each of them named', async () => {
    const { code, output } = await runGatehouse([
      'check',
      '--config',
      repositoryPath('deploy/gatehouse.yaml'),
    ]);
    expect(code).toBe(2);
    expect(output).toContain('GATEHOUSE_CLIENT_SECRET');
    expect(output).toContain('GATEHOUSE_CACHE_KEY');
  });

  it("the README's smallest settings, its routes and its NGINX door are understood", async () => {
    const readme = fencedBlocks(shippedText('README.md'), 'yaml').filter(
      (block) => !block.startsWith('- name: envoy'),
    );
    const clients = readme.find((block) => block.startsWith('clients:'))!;
    expect(readme.length).toBeGreaterThanOrEqual(3);
    for (const block of readme) {
      const folder = temporaryFolder('readme');
      writeFileSync(join(folder.path, 'gatehouse.yaml'), block === clients ? block : `${block}${clients}`);
      const { code, output } = await runGatehouse(['check', '--offline'], { cwd: folder.path });
      folder.remove();
      expect({ block, code, output: code === 0 ? '' : output }).toEqual({ block, code: 0, output: '' });
    }
  });
});
