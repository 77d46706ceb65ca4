import { z } from 'zod';
import { complain } from './schema-leaves.ts';

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

export const auth = z
  .strictObject({ basic: basic.optional(), oauth2: oauth2.optional() })
  .check((ctx) => {
    const given = Object.keys(ctx.value).length;
    if (given === 1 || ctx.issues.length > 0) return;
    complain(ctx, given === 0 ? 'There is no way to authenticate.' : 'There is more than one way to authenticate.', {
      allowed: 'exactly one of basic, oauth2',
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
