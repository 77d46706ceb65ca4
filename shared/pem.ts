import { createPrivateKey, X509Certificate } from 'node:crypto';

/** What is wrong with PEM texts, each as the end of a sentence that begins with what the text is called; null for a good one. */

/** A certificate, or a chain of them with its own first. */
export function certificateProblem(pem: string): string | null {
  const certificates = certificatesIn(pem);
  if (certificates.length === 0) return 'has no certificate in PEM (-----BEGIN CERTIFICATE-----)';
  const bad = certificates.findIndex((one) => !parses(() => new X509Certificate(one)));
  if (bad < 0) return null;
  return certificates.length === 1
    ? 'is a certificate that cannot be read'
    : `cannot be read at certificate ${bad + 1}`;
}

export function privateKeyProblem(pem: string): string | null {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return 'has no private key in PEM (-----BEGIN PRIVATE KEY-----)';
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    return 'is encrypted, and there is no passphrase: store it as `openssl pkey -in key.pem` writes it';
  }
  return parses(() => createPrivateKey(pem)) ? null : 'is a private key that cannot be read';
}

/** Of two that are good by themselves. The sentence begins with the key. */
export function pairProblem(certificate: string, key: string): string | null {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
    ? null
    : 'does not belong to the certificate';
}

function certificatesIn(pem: string): readonly string[] {
  return (
    pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g) ?? []
  );
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
