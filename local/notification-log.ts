import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import type { Severity, Subscriber } from '../shared/monitor.ts';

/** One notification as each recipient would have got it: a line of `<data>/notifications.jsonl`. Nothing was sent. */
export interface LoggedNotification {
  /** ISO 8601, of the publish. */
  readonly at: string;
  readonly notificationId: string;
  readonly subscribers: readonly DeliveredMessage[];
  readonly attributes: Readonly<Record<string, string>>;
}

export interface DeliveredMessage {
  readonly protocol: Subscriber['protocol'];
  readonly endpoint: string;
  /** E-mail only. */
  readonly subject?: string;
  readonly message: string;
}

/** What was handed to SNS's Publish. */
export interface Publication {
  readonly subject: string | null;
  /** The text of each protocol; `default` stands in for one that is not there. */
  readonly messages: Readonly<Record<string, string>> & { readonly default: string };
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The message of each subscriber whose filter lets the publication through.
 * As SNS's filter policies: a subscriber to some severities gets nothing that says no severity.
 */
export function deliveries(publication: Publication, subscribers: readonly Subscriber[]): DeliveredMessage[] {
  const { severity } = publication.attributes;
  return subscribers
    .filter(({ severities }) => ALL.every((each) => severities.includes(each)) || isAmong(severities, severity))
    .map(({ protocol, endpoint }) => ({
      protocol,
      endpoint,
      ...(protocol === 'email' && publication.subject !== null ? { subject: publication.subject } : {}),
      message: publication.messages[protocol] ?? publication.messages.default,
    }));
}

const ALL: readonly Severity[] = ['critical', 'warning', 'info'];

function isAmong(severities: readonly string[], severity: string | undefined): boolean {
  return severity !== undefined && severities.includes(severity);
}

/** Append-only, once a notification id, over restarts too. */
export interface NotificationLog {
  /** False where this id is in the log already: then nothing is written. */
  append(notification: LoggedNotification): boolean;
}

/** Reads the ids that are there. A last line that a crash tore is cut off: its publish was never answered, so it comes again. */
export function openNotificationLog(file: string): NotificationLog {
  const known = new Set<string>();
  if (existsSync(file)) {
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
    for (const line of whole.split('\n')) {
      const id = idOf(line);
      if (id !== null) known.add(id);
    }
  }
  return {
    append: (notification) => {
      if (known.has(notification.notificationId)) return false;
      appendFileSync(file, `${JSON.stringify(notification)}\n`, { mode: 0o600, flush: true });
      known.add(notification.notificationId);
      return true;
    },
  };
}

/** A line that someone edited by hand into something else is theirs: it is left, and means nothing. */
function idOf(line: string): string | null {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null || !('notificationId' in parsed)) return null;
    return typeof parsed.notificationId === 'string' ? parsed.notificationId : null;
  } catch {
    return null;
  }
}
