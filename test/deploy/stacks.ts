import { DescribeStackEventsCommand, paginateListStacks, type StackEvent } from '@aws-sdk/client-cloudformation';
import type { RegionalAccount } from './account.ts';

export interface StackState {
  readonly name: string;
  readonly id: string;
  readonly status: string;
}

/** The deployment's stacks of one region, deleted ones included; not what `cdk bootstrap` made. */
export async function stacksOf({ cloudFormation }: RegionalAccount): Promise<StackState[]> {
  const stacks: StackState[] = [];
  for await (const page of paginateListStacks({ client: cloudFormation }, {})) {
    for (const { StackName: name = '', StackId: id = '', StackStatus: status = '' } of page.StackSummaries ?? []) {
      if (name !== 'CDKToolkit') stacks.push({ name, id, status });
    }
  }
  return stacks;
}

/** What happened to a stack's resources, newest first; the stack itself is none of them. */
export async function resourceEvents(account: RegionalAccount, { id }: StackState): Promise<StackEvent[]> {
  const events: StackEvent[] = [];
  let NextToken: string | undefined;
  do {
    const input = { StackName: id, ...(NextToken !== undefined && { NextToken }) };
    const page = await account.cloudFormation.send(new DescribeStackEventsCommand(input));
    events.push(...(page.StackEvents ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return events.filter(({ PhysicalResourceId: physical }) => physical !== id);
}
