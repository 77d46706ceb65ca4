import type { Publication } from './notification-log.ts';

/** SNS's Publish in the AWS Query protocol: a form in, XML out, as SDK 3.1169 speaks it. */

/** What AWS would refuse. `code` is AWS's own. */
export class AwsFault extends Error {
  override readonly name = 'AwsFault';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_MESSAGE_BYTES = 262_144;
const MAX_SUBJECT_CHARS = 99;

/** Throws {@link AwsFault} for what SNS refuses, so that it is refused here first. */
export function parsePublish(form: URLSearchParams): Publication {
  if (form.get('Action') !== 'Publish') {
    throw new AwsFault('InvalidAction', `Only Publish exists on this machine, not ${form.get('Action')}`);
  }
  if (!form.has('TopicArn')) throw invalid('TopicArn');
  const message = form.get('Message') ?? '';
  if (message === '' || Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
    throw invalid('Message: empty, or more than 256 KiB');
  }
  const subject = form.get('Subject');
  if (subject !== null && !isSubject(subject)) {
    throw invalid(`Subject: 1 to ${MAX_SUBJECT_CHARS} printable ASCII characters that do not begin with a space`);
  }
  return {
    subject,
    messages: form.get('MessageStructure') === 'json' ? parseMessages(message) : { default: message },
    attributes: parseAttributes(form),
  };
}

export function publishedXml(messageId: string): string {
  return `<PublishResponse xmlns="${NAMESPACE}"><PublishResult><MessageId>${messageId}</MessageId></PublishResult><ResponseMetadata><RequestId>${messageId}</RequestId></ResponseMetadata></PublishResponse>`;
}

export function faultXml(fault: AwsFault): string {
  return `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${escapeXml(fault.code)}</Code><Message>${escapeXml(fault.message)}</Message></Error><RequestId>local</RequestId></ErrorResponse>`;
}

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';

function invalid(what: string): AwsFault {
  return new AwsFault('InvalidParameter', `Invalid parameter: ${what}`);
}

function isSubject(subject: string): boolean {
  return subject.length <= MAX_SUBJECT_CHARS && /^[\x21-\x7e][\x20-\x7e]*$/.test(subject);
}

function parseMessages(text: string): Publication['messages'] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid('Message Structure - JSON message body failed to parse');
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw invalid('Message Structure - JSON message body is no object');
  const messages: Record<string, string> = {};
  for (const [protocol, message] of Object.entries(parsed)) {
    if (typeof message !== 'string') throw invalid(`Message Structure - the message for ${protocol} is no string`);
    messages[protocol] = message;
  }
  const { default: fallback } = messages;
  if (fallback === undefined) throw invalid('Message Structure - No default entry in JSON message body');
  return { ...messages, default: fallback };
}

function parseAttributes(form: URLSearchParams): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (let entry = 1; form.has(`MessageAttributes.entry.${entry}.Name`); entry += 1) {
    const prefix = `MessageAttributes.entry.${entry}`;
    const name = form.get(`${prefix}.Name`) ?? '';
    const value = form.get(`${prefix}.Value.StringValue`) ?? '';
    if (value === '') {
      throw new AwsFault('ParameterValueInvalid', `The message attribute '${name}' must contain a non-empty value`);
    }
    attributes[name] = value;
  }
  return attributes;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
