import { DescribeTableCommand, type DynamoDBClient, GetItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { Region } from '../../shared/monitor.ts';
import type { Item } from '../../shared/table.ts';
import { kindOfAwsError } from './aws-error.ts';
import type { Inspection } from './inspection.ts';

type TableInspection = Pick<Inspection, 'replicas' | 'item' | 'query' | 'clockOffsetMs'>;

/** @param now this machine's clock, Unix epoch milliseconds */
export function inspectTable(clientOf: (region: Region) => DynamoDBClient, now: () => number): TableInspection {
  const offsets = new Map<Region, number>();
  const listening = new Set<DynamoDBClient>();
  /** Every answer says what time it is there, to the second. */
  const client = (region: Region): DynamoDBClient => {
    const one = clientOf(region);
    if (listening.has(one)) return one;
    listening.add(one);
    one.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const date = Date.parse(dateOf(answer.response));
        // Half a second: the header is cut to whole ones.
        if (Number.isFinite(date)) offsets.set(region, date + 500 - now());
        return answer;
      },
      { step: 'deserialize', priority: 'low' },
    );
    return one;
  };
  return {
    replicas: async (region, table) => {
      try {
        const { Table: found } = await client(region).send(new DescribeTableCommand({ TableName: table }));
        const own = { region, status: found?.TableStatus ?? 'UNKNOWN' };
        const others = (found?.Replicas ?? []).flatMap(({ RegionName, ReplicaStatus }) =>
          RegionName === undefined || RegionName === region
            ? []
            : [{ region: RegionName, status: ReplicaStatus ?? 'UNKNOWN' }],
        );
        return [own, ...others];
      } catch (error) {
        if (kindOfAwsError(error) === 'absent') return null;
        throw error;
      }
    },
    item: async (region, get) => (await client(region).send(new GetItemCommand(get))).Item,
    query: async (region, input) => {
      const items: Item[] = [];
      for await (const page of paginateQuery({ client: client(region) }, input)) items.push(...(page.Items ?? []));
      return items;
    },
    clockOffsetMs: async (region) => {
      if (!offsets.has(region)) {
        // Any answer has the header, a refusal too; only silence has none.
        await client(region)
          .send(new DescribeTableCommand({ TableName: 'parallax-clock' }))
          .catch((error: unknown) => {
            if (kindOfAwsError(error) === 'unreachable') throw error;
          });
      }
      return offsets.get(region) ?? 0;
    },
  };
}

function dateOf(response: unknown): string {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return '';
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return '';
  return String(headers.date);
}
