import { z } from 'zod';
import { complain, patterned } from './schema-leaves.ts';

/** How a request proves who sends it, where a header of its own would not do. */

const credential = (description: string) => z.string().min(1).max(8_192).meta({ description });

const basic = z
  .strictObject({
    user: credential('The user, without a colon. May hold ${secret:name}.'),
    password: z.string().max(8_192).meta({ description: 'Belongs in ${secret:name}.' }),
  })
  .meta({
    examples: [{ user: 'probe', password: '${secret:probe-password}' }],
    description: 'HTTP basic authentication (RFC 7617).',
  });

const oauth2 = z
  .strictObject({
    tokenUrl: z.string().meta({ description: 'Absolute http:// or https:// URL of the token endpoint.' }),
    clientId: credential('May hold ${secret:name}.'),
    clientSecret: credential('Belongs in ${secret:name}.'),
    scope: z.string().min(1).max(2_000).optional().meta({
      description: 'Scopes, with spaces between them. Default: what the endpoint gives by itself.',
    }),
  })
  .meta({
    examples: [
      {
        tokenUrl: 'https://login.your.domain/oauth2/token',
        clientId: 'parallax',
        clientSecret: '${secret:client-secret}',
      },
    ],
    description:
      'An access token by OAuth 2.0 client credentials (RFC 6749, 4.4). It is fetched before the timed part, and used until it expires.',
  });

const sigv4 = z
  .strictObject({
    service: patterned(
      /^[a-z0-9][a-z0-9-]{0,63}$/,
      'the name that a service signs with',
      'Write it as AWS does: execute-api, lambda, es, aoss, s3, appsync, sqs, …',
    ).meta({
      description:
        'The service as it stands in signatures: execute-api (API Gateway), lambda (function URLs), es, s3, ….',
      examples: ['execute-api'],
    }),
    region: patterned(/^[a-z]{2,}(-[a-z]+)+-\d$/, 'an AWS region', 'Write one such as "eu-west-1", or remove it.')
      .optional()
      .meta({
        description:
          'The region that is signed for. Default: the one in the name of an AWS host, else where the check runs.',
      }),
    accessKeyId: credential('Default: the credentials of the prober’s own role.').optional(),
    secretAccessKey: credential('Belongs in ${secret:name}. Together with accessKeyId.').optional(),
    sessionToken: credential('Of temporary credentials. Belongs in ${secret:name}.').optional(),
  })
  .meta({
    examples: [{ service: 'execute-api' }],
    description: 'AWS Signature Version 4, made anew for every attempt and every redirect within the origin.',
  });

export const auth = z
  .strictObject({ basic: basic.optional(), oauth2: oauth2.optional(), sigv4: sigv4.optional() })
  .check((ctx) => {
    const given = Object.keys(ctx.value).length;
    if (given === 1 || ctx.issues.length > 0) return;
    complain(ctx, given === 0 ? 'There is no way to authenticate.' : 'There is more than one way to authenticate.', {
      allowed: 'exactly one of basic, oauth2, sigv4',
      remedy: given === 0 ? 'Add one, or remove "auth".' : 'Keep one.',
    });
  })
  .meta({
    minProperties: 1,
    maxProperties: 1,
    examples: [{ basic: { user: 'probe', password: '${secret:probe-password}' } }],
    description: 'How the request proves who sends it: it sets the header authorization.',
  });

export type ParsedAuth = z.output<typeof auth>;
