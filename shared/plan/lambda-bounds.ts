/** What Lambda allows. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MIN_MEMORY_MB = 128;
export const MAX_MEMORY_MB = 10_240;
export const MAX_TIMEOUT_MS = 900_000;
