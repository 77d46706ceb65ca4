/** What an AWS client's rejection means for who called the verb. */
export type AwsErrorKind =
  /** No credentials, or none that hold (any more). */
  | 'credentials'
  /** These credentials may not do that. */
  | 'denied'
  /** What was asked about is not there. */
  | 'absent'
  /** No answer, or none but "try again". */
  | 'unreachable'
  | 'other';

const CREDENTIALS =
  /^(?:CredentialsProviderError|TokenProviderError|ExpiredToken(?:Exception)?|InvalidClientTokenId|UnrecognizedClientException|InvalidSignatureException|SignatureDoesNotMatch|InvalidToken|AuthFailure)$/;
const DENIED = /^(?:AccessDenied(?:Exception)?|AuthorizationError(?:Exception)?|UnauthorizedOperation)$/;
const ABSENT =
  /^(?:ResourceNotFoundException|ParameterNotFound|NotFound(?:Exception)?|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/;
const TRY_AGAIN =
  /^(?:Throttl(?:ing|ed)(?:Exception)?|RequestThrottled|ProvisionedThroughputExceededException|RequestLimitExceeded)$/;
const NO_ANSWER =
  /^(?:TimeoutError|AbortError|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/;

export function kindOfAwsError(error: unknown): AwsErrorKind {
  if (!(error instanceof Error)) return 'other';
  const { name } = error;
  if (CREDENTIALS.test(name)) return 'credentials';
  if (DENIED.test(name)) return 'denied';
  if (ABSENT.test(name)) return 'absent';
  if (TRY_AGAIN.test(name) || NO_ANSWER.test(name)) return 'unreachable';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (NO_ANSWER.test(code) || httpStatusOf(error) >= 500) return 'unreachable';
  return 'other';
}

/** The SDK notes it on each answer's error. 0: there was no answer. */
function httpStatusOf(error: object): number {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return 0;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0;
}

/** One line: what AWS or the network said. A connection to several addresses fails with an empty message of its own. */
export function awsErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message === '' && 'code' in error ? String(error.code) : error.message;
  return `${error.name}: ${text}`.replace(/\s+/g, ' ').slice(0, 300);
}
