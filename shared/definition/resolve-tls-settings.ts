import type { TlsSettings } from '../monitor.ts';
import { certificateProblem, pairProblem, privateKeyProblem } from '../pem.ts';
import type { JsonPath, Reporter } from './diagnostics.ts';
import { secretNames } from './templates.ts';
import type { ParsedTlsSettings } from './tls-settings-schema.ts';

/** Paths are relative to what holds both. `plainBecause`: why there is no TLS at all, as the beginning of a sentence; null where there may be. */
export function resolveTlsSettings(
  { clientCertificate, authorities }: ParsedTlsSettings,
  plainBecause: string | null,
  reporter: Reporter,
): TlsSettings {
  for (const [name, given] of Object.entries({ clientCertificate, authorities })) {
    if (given === undefined || plainBecause === null) continue;
    reporter.error([name], {
      message: `${plainBecause}, so there is no TLS that this could be used for.`,
      remedy: `Use TLS, or remove "${name}".`,
    });
  }
  const sound = (path: JsonPath, pem: string, problemOf: (pem: string) => string | null): boolean => {
    // A secret can be anything: only the prober will see.
    if (secretNames(pem).length > 0) return false;
    const problem = problemOf(pem);
    if (problem === null) return true;
    reporter.error(path, {
      message: `This ${problem}.`,
      allowed: 'PEM, ${secret:name}, or ${env:NAME}',
      remedy: 'Correct it. In JSON the line breaks of PEM are written as \\n.',
    });
    return false;
  };
  if (authorities !== undefined) sound(['authorities'], authorities, certificateProblem);
  if (clientCertificate !== undefined) {
    const { certificate, key } = clientCertificate;
    const keyPath = ['clientCertificate', 'key'];
    if (secretNames(key).length === 0) {
      reporter.warning(keyPath, {
        message: 'This is a private key in clear, and it would be stored with the monitor.',
        remedy: 'Store it as a secret and write ${secret:name} in its place.',
      });
    }
    const isGood = sound(['clientCertificate', 'certificate'], certificate, certificateProblem);
    if (sound(keyPath, key, privateKeyProblem) && isGood) sound(keyPath, key, (pem) => pairProblem(certificate, pem));
  }
  return {
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(authorities === undefined ? {} : { authorities }),
  };
}
