import type { Subscriber } from '../shared/monitor.ts';
import type { Paint } from './comparison.ts';
import type { DeliveredMessage, LoggedNotification } from './notification-log.ts';
import { rule } from './screen.ts';
import { printable, printableLines } from './text-width.ts';

/** A notification as its recipients would read it; lines without newlines. Those who get the same text share it. */
export function renderNotification(notification: LoggedNotification, columns: number, paint: Paint): string[] {
  const { severity, kind, monitor } = notification.attributes;
  const about = [severity, kind, monitor].filter((part) => part !== undefined).map(printable);
  const title = ['notification', ...about, `${notification.at.slice(11, 19)} UTC`].join(' · ');
  const tone = kind === 'resolved' ? 'good' : severity === 'critical' ? 'bad' : 'warn';
  const messages = [
    ...Map.groupBy(notification.subscribers, ({ protocol, subject, message }) =>
      JSON.stringify([protocol, subject, message]),
    ).values(),
  ];
  const body =
    messages.length === 0
      ? ['Nobody would get it: no subscriber in `notify` takes this severity.']
      : messages.flatMap((group, index) => [...(index === 0 ? [] : ['']), ...renderMessage(group, paint)]);
  return ['', paint(tone, rule(title, columns)), ...body, paint('quiet', rule('nothing was sent', columns)), ''];
}

function renderMessage(group: readonly DeliveredMessage[], paint: Paint): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const to = group.map(({ endpoint }) => printable(endpoint)).join(', ');
  const heading = paint('quiet', `${PROTOCOLS[first.protocol]} to ${to}`);
  const text = printableLines(first.message).trimEnd();
  switch (first.protocol) {
    case 'email':
      return [
        heading,
        paint('strong', `  Subject: ${printable(first.subject ?? '(none)')}`),
        '',
        ...text.split('\n').map((line) => (line === '' ? '' : `  ${line}`)),
      ];
    case 'sms':
      return [heading, `  ${printable(text)}  ${paint('quiet', `(${first.message.length} characters)`)}`];
    case 'https':
      return [heading, `  ${Buffer.byteLength(first.message)} bytes of JSON for a machine; see notifications.jsonl`];
  }
}

const PROTOCOLS: Readonly<Record<Subscriber['protocol'], string>> = { email: 'E-mail', sms: 'SMS', https: 'POST' };
