import { readFileSync } from 'node:fs';
import { DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ErrorResponse } from '../../shared/api-types.ts';
import { ENVIRONMENT, required } from '../../shared/environment.ts';
import type { Deployment } from '../../shared/monitor.ts';
import type { Item } from '../../shared/table.ts';
import { aggregatorReader } from './aggregator-reader.ts';
import { type Api, route } from './routes.ts';

type HttpEvent = Pick<APIGatewayProxyEventV2, 'rawPath' | 'queryStringParameters' | 'requestContext'>;

/** A function URL's or an HTTP API's request (payload 2.0) to its answer. An error of ours is 500 and says nothing of it outside. */
export function createHandler(api: Api, now: () => number, log: (line: string) => void) {
  return async (event: HttpEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const { method } = event.requestContext.http;
    try {
      const { status, body } = await route(api, method, event.rawPath, event.queryStringParameters ?? {}, now());
      return json(status, body);
    } catch (error) {
      log(JSON.stringify({ event: 'api-error', path: event.rawPath, error: String(error) }));
      const body: ErrorResponse = {
        error: { code: 'internal', message: "The answer could not be made; the function's log says why." },
      };
      return json(500, body);
    }
  };
}

function json(statusCode: number, body: object): APIGatewayProxyStructuredResultV2 {
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  return { statusCode, headers, body: JSON.stringify(body) };
}

function apiFromEnvironment(environment: NodeJS.ProcessEnv): Api {
  const deployment = JSON.parse(readFileSync(required(environment, ENVIRONMENT.deployment), 'utf8')) as Deployment;
  const client = new DynamoDBClient({});
  const history: Api['history'] = {
    table: required(environment, ENVIRONMENT.table),
    retention: deployment.retention,
    query: async (input) => {
      const items: Item[] = [];
      for await (const page of paginateQuery({ client }, input)) items.push(...(page.Items ?? []));
      return items;
    },
    onDamage: (error) => console.log(JSON.stringify({ event: 'damaged-item', message: error.message })),
  };
  return { deployment, history, aggregators: aggregatorReader(client, deployment, history) };
}

export const handler = createHandler(apiFromEnvironment(process.env), Date.now, console.log);
