/**
 * Certificates for tests, made by the openssl program: an authority of our own, and servers it signed or did not.
 *
 * Never: a key outside the temporary folder of the run.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM, for whoever is to trust it. */
  readonly ca: string;
  /**
   * A certificate for these names: `DNS:idp.test`, `IP:127.0.0.1`, `URI:spiffe://…`. With negative `days` it has
   * expired before it began.
   */
  readonly issue: (names: readonly string[], differing?: { readonly days?: number }) => Certificate;
}

export function createAuthority(name = 'Gatehouse test authority'): Authority {
  const { cert: ca, key: caKey } = selfSigned(name, [], ['-addext', 'basicConstraints=critical,CA:TRUE']);
  return { ca, issue: (names, { days = 7 } = {}) => issue({ ca, caKey, names, days }) };
}

/** Signed by nobody but itself. */
export function createSelfSigned(names: readonly string[] = ['IP:127.0.0.1', 'DNS:localhost']): Certificate {
  return selfSigned('Nobody', names, []);
}

function selfSigned(name: string, names: readonly string[], more: readonly string[]): Certificate {
  return inFolder((folder) => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const alternatives = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`];
    openssl([
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '7',
      '-subj',
      `/CN=${name}`,
      ...alternatives,
      ...more,
    ]);
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  });
}

interface Order {
  readonly ca: string;
  readonly caKey: string;
  readonly names: readonly string[];
  readonly days: number;
}

function issue({ ca, caKey, names, days }: Order): Certificate {
  return inFolder((folder) => {
    const at = (file: string): string => join(folder, file);
    writeFileSync(at('ca.pem'), ca);
    writeFileSync(at('ca-key.pem'), caKey, { mode: 0o600 });
    writeFileSync(
      at('extensions'),
      `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth,clientAuth\n`,
    );
    openssl(['req', ...NEW_KEY, '-keyout', at('key.pem'), '-out', at('request.pem'), '-subj', '/CN=test']);
    openssl([
      'x509',
      '-req',
      '-in',
      at('request.pem'),
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca-key.pem'),
      '-set_serial',
      String(Date.now()),
      '-extfile',
      at('extensions'),
      '-out',
      at('cert.pem'),
      '-days',
      String(days),
    ]);
    return { cert: readFileSync(at('cert.pem'), 'utf8'), key: readFileSync(at('key.pem'), 'utf8') };
  });
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function inFolder<Value>(work: (folder: string) => Value): Value {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-certificates-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
