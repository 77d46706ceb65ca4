/**
 * What the plan has to take for granted, since no benchmark on one machine can tell it. None of these decides a sum:
 * halving or doubling any changes the total of a usual deployment by less than a tenth.
 */

/** AWS bills by the hour; this is a month of 30 days, so that sums are comparable between months. */
export const MINUTES_PER_MONTH = 30 * 24 * 60;

/** Of a prober's run, for the replica in its own region: reading what is paused, and storing. */
export const TABLE_WAIT_MS = 30;
/** A run of the aggregator, waiting for the table: in all, and for each region that it reads. */
export const AGGREGATOR_WAIT_MS = 80;
export const AGGREGATOR_REGION_WAIT_MS = 30;
/** A run of the standby while home is well: it reads heartbeats and writes its own. */
export const STANDBY_WAIT_MS = 80;

/** A job that is done well says when it begins and when it has succeeded. */
export const CALLS_PER_JOB_RUN = 2;
/** Of the receiver: most jobs call so seldom that each call starts it anew. */
export const RECEIVER_RUN_MS = 500;
/** When a job last called. */
export const HEARTBEAT_BYTES = 200;

/** TCP and IP headers of a check's packets, about ten of 40 bytes, resolving included. */
export const CHECK_PACKET_BYTES = 400;
/** What Lambda itself logs of a run in JSON (start, report), and CloudWatch's 26 bytes for each of the three lines. */
export const PLATFORM_LOG_BYTES = 900;
/** Kept as long as the log groups are: half of it on average, compressed to about a fifth by CloudWatch. */
export const LOG_RETENTION_MONTHS = 14 / 30;
export const LOG_COMPRESSION = 0.2;

/** Of the whole deployment. Each opens and resolves: two notifications. */
export const INCIDENTS_PER_MONTH = 30;
export const NOTIFICATIONS_PER_INCIDENT = 2;
/** State, outbox and records of a notification, each stored more than once, each of 1 to 3 KB. */
export const NOTIFICATION_WRITE_UNITS = 16;

/** DynamoDB adds this to each item that it stores. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export const ITEM_STORAGE_BYTES = 100;
/** An aggregator's progress: in all, and for each region. */
export const PROGRESS_BYTES = 260;
export const PROGRESS_REGION_BYTES = 160;
