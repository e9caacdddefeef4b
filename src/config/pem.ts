import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** Each says what is wrong, so that it reads on after the name of the file; `null`: nothing. */

export function flawOfCertificates(pem: string): string | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return 'holds no certificate; it must be PEM text';
  return blocks.every((block) => attempt(() => new X509Certificate(block)) !== null)
    ? null
    : 'holds a certificate that cannot be read';
}

export function flawOfKey(pem: string): string | null {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem))
    return 'holds an encrypted key, which needs a password; store it without one';
  return attempt(() => createPrivateKey(pem)) === null ? 'holds no private key; it must be PEM text' : null;
}

export function flawOfPair(cert: string, key: string): string | null {
  const belongs = attempt(() => new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)));
  if (belongs !== true) return 'is not the key of the certificate in `cert` beside it';
  // The library has its own bounds, on key sizes for one, and would refuse only when the door opens.
  return attempt(() => createSecureContext({ cert, key })) === null
    ? 'and `cert` beside it are refused by the TLS library; is the key too short?'
    : null;
}

/** The messages of the library may quote the key: nothing of them goes on. */
function attempt<Value>(task: () => Value): Value | null {
  try {
    return task();
  } catch {
    return null;
  }
}
