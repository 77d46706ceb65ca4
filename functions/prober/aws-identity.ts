import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { Region } from '../../shared/monitor.ts';
import type { AwsCredentials } from './aws-signature.ts';

/** Who signs a request that names no keys. */
export interface AwsIdentity {
  /** Where the check runs; null on a machine that is in no region. */
  readonly region: Region | null;
  /** Asked for each attempt: what is still good is kept, what has expired is renewed. Rejects where there are none. */
  readonly credentials: () => Promise<AwsCredentials>;
}

/** As every AWS SDK looks for them: in Lambda the function's role, elsewhere environment, profile, container or instance. */
export function awsIdentity(region: Region | null): AwsIdentity {
  return { region, credentials: defaultProvider() };
}
