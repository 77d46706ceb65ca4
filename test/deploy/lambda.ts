import type { RegionalAccount } from './account.ts';
import { ACCOUNT } from './ministack.ts';

/** What a function behind a URL answers. */
export interface FunctionAnswer {
  readonly statusCode: number;
  readonly body?: string;
}

/**
 * Calls a function and waits for its answer, as its URL does: MiniStack keeps the settings of function URLs, and serves none.
 * Without the SDK's client, which nothing else needs. MiniStack reads the region from the credential, and no signature.
 */
export async function invokeFunction(
  { region }: Pick<RegionalAccount, 'region'>,
  endpoint: string,
  name: string,
  event: object,
): Promise<FunctionAnswer> {
  const response = await fetch(`${endpoint}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${ACCOUNT}/20260101/${region}/lambda/aws4_request` },
    body: JSON.stringify(event),
  });
  const text = await response.text();
  const failure = response.headers.get('x-amz-function-error');
  if (!response.ok || failure !== null) throw new Error(`${name} in ${region} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}
