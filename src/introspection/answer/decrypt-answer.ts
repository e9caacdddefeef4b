import { Buffer } from 'node:buffer';
import { createPrivateKey } from 'node:crypto';

import { compactDecrypt } from 'jose';

import { type DecryptionSettings, fail, fault, type Result, succeed } from '../../domain/index.ts';
import { countParts, type JoseHeader, readJoseHeader } from './compact-jose.ts';
import { type IntrospectionFault, settingsFault } from './introspection-fault.ts';

/** Opens what is encrypted to us: the signed answer within. */
export type DecryptAnswer = (text: string) => Promise<Result<string, IntrospectionFault>>;

/**
 * Opens nested JWTs: signed, then encrypted (RFC 7519 section 5.2, JIR-10).
 *
 * Never: an algorithm that is not listed; something compressed (it may unfold without end); an answer that is
 * encrypted but not signed, for anybody can encrypt to us.
 */
export function createDecryptAnswer({ keys, algorithms, encodings }: DecryptionSettings): DecryptAnswer {
  const opened = keys.map((key) => ({ ...key, key: createPrivateKey(key.pem.reveal()) }));

  return async function decryptAnswer(text) {
    const read = readJoseHeader(text);
    if (!read.ok) return fail(fault('introspection_unreadable', `the JWE cannot be read: ${read.failure}`));
    const refusal = refusalOf(read.value);
    if (refusal !== null) return fail(refusal);
    const signed = await open(text, read.value);
    if (signed === null) return fail(settingsFault('signed_answer_undecryptable'));
    if (countParts(signed) === 3) return succeed(signed);
    return fail(settingsFault('introspection_unsigned', 'it is encrypted, but what is inside is not signed'));
  };

  function refusalOf({ algorithm, encoding, demand }: JoseHeader): IntrospectionFault | null {
    if (demand !== null)
      return settingsFault('signed_answer_header', `the header of the encryption has "${demand}"`);
    if (!algorithms.includes(algorithm))
      return settingsFault(
        'signed_answer_algorithm',
        `for encryption, accepted are ${algorithms.join(', ')}`,
      );
    return encoding === null || !encodings.includes(encoding)
      ? settingsFault('signed_answer_algorithm', `of \`enc\`, accepted are ${encodings.join(', ')}`)
      : null;
  }

  /** The key that the header names, else each that goes with it: a server may know our keys by other names. */
  async function open(text: string, { algorithm, encoding, keyId }: JoseHeader): Promise<string | null> {
    const able = opened.filter((key) => key.algorithms.includes(algorithm));
    const named = able.filter(({ id }) => id === keyId);
    for (const { key } of named.length > 0 ? named : able) {
      try {
        const options = {
          keyManagementAlgorithms: [algorithm],
          contentEncryptionAlgorithms: [encoding ?? ''],
        };
        const { plaintext } = await compactDecrypt(text, key, options);
        return Buffer.from(plaintext).toString('latin1');
      } catch {
        // Another key may open it.
      }
    }
    return null;
  }
}
