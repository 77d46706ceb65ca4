import { z } from 'zod';

/** How TLS is spoken where the usual way will not do, in every kind of check that may speak it. */

/** A chain of a dozen certificates, or some forty authorities. */
const MAX_PEM_CHARS = 65_536;

export const tlsSettings = {
  clientCertificate: z
    .strictObject({
      certificate: z.string().min(1).max(MAX_PEM_CHARS).meta({
        description:
          'PEM: the certificate, and after it the intermediates that lead to its authority. May be ${secret:name}.',
      }),
      key: z.string().min(1).max(MAX_PEM_CHARS).meta({
        description: 'PEM, not encrypted. Belongs in ${secret:name}.',
      }),
    })
    .optional()
    .meta({
      examples: [{ certificate: '${secret:client-certificate}', key: '${secret:client-key}' }],
      description: 'What is shown where a server asks for a certificate (mutual TLS).',
    }),
  authorities: z.string().min(1).max(MAX_PEM_CHARS).optional().meta({
    description:
      'PEM of the authorities whose certificates are trusted, such as your own. May be ${secret:name} or ${env:NAME}. Default: those that everybody trusts.',
  }),
};

export type ParsedTlsSettings = Partial<z.output<z.ZodObject<typeof tlsSettings>>>;
