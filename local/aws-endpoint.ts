import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Deployment } from '../shared/monitor.ts';
import type { DataFolder } from './data-folder.ts';
import { oneLine } from './local-error.ts';
import { closeServer, isForThisMachine, listenOnLoopback, readBody } from './loopback-server.ts';
import { deliveries, type LoggedNotification, openNotificationLog } from './notification-log.ts';
import { getParameters, getSecretValue, MAX_NAMES, type SecretSource, secretVariable } from './secrets.ts';
import { AwsFault, faultXml, parsePublish, publishedXml } from './sns-publish.ts';

/** SNS, EventBridge, Parameter Store and Secrets Manager on this machine: what the functions' SDK clients are pointed at. Nothing leaves it. */
export interface AwsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

export interface AwsEndpointOptions {
  readonly deployment: Pick<Deployment, 'name' | 'notify'>;
  readonly folder: Pick<DataFolder, 'notifications' | 'events' | 'secrets'>;
  readonly secretOf: SecretSource;
  readonly nowEpochMs: () => number;
  /** Each notification, once: a publish that is repeated is not shown again. */
  readonly notified: (notification: LoggedNotification) => void;
  readonly report: (line: string) => void;
}

/** PutEvents' own limit on a request is 1 MB, Publish's 256 KB before its encoding. */
const MAX_BODY_BYTES = 2 * 1_024 * 1_024;
const CLOSE_WITHIN_MS = 500;
const JSON_TYPE = 'application/x-amz-json-1.1';

export async function startAwsEndpoint(options: AwsEndpointOptions): Promise<AwsEndpoint> {
  const log = openNotificationLog(options.folder.notifications);

  function publish(form: URLSearchParams): string {
    const publication = parsePublish(form);
    const messageId = randomUUID();
    const notification: LoggedNotification = {
      at: new Date(options.nowEpochMs()).toISOString(),
      notificationId: publication.attributes.notificationId ?? messageId,
      subscribers: deliveries(publication, options.deployment.notify),
      attributes: publication.attributes,
    };
    if (log.append(notification)) options.notified(notification);
    else options.report(`notification ${notification.notificationId} was published again; it is in the log already`);
    return messageId;
  }

  function putEvents(input: unknown): unknown {
    const entries = arrayIn(input, 'Entries');
    if (entries.length < 1 || entries.length > 10) throw new AwsFault('ValidationException', 'Entries: 1 to 10');
    const at = new Date(options.nowEpochMs()).toISOString();
    const answers = entries.map((entry) => {
      const wrong = whatIsWrong(entry);
      if (wrong !== null) return { ErrorCode: wrong.code, ErrorMessage: wrong.message };
      const id = randomUUID();
      appendFileSync(options.folder.events, `${JSON.stringify({ at, id, entry })}\n`, { mode: 0o600 });
      return { EventId: id };
    });
    return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
  }

  function parameters(input: unknown): unknown {
    const names = arrayIn(input, 'Names').filter((name) => typeof name === 'string');
    if (names.length < 1 || names.length > MAX_NAMES) {
      throw new AwsFault('ValidationException', `Names: 1 to ${MAX_NAMES}`);
    }
    const found = getParameters(names, options.deployment.name, options.secretOf);
    found.InvalidParameters.forEach(reportMissing);
    return found;
  }

  function secretValue(input: unknown): unknown {
    const id = memberIn(input, 'SecretId');
    if (typeof id !== 'string') throw new AwsFault('InvalidParameterException', 'SecretId: a name');
    const found = getSecretValue(id, options.deployment.name, options.secretOf);
    if (found !== undefined) return found;
    reportMissing(id);
    throw new AwsFault('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }

  /** The prober's own remedy speaks of the deployment's store; on this machine the secret goes elsewhere. */
  function reportMissing(path: string): void {
    const secret = path.slice(path.lastIndexOf('/') + 1);
    options.report(
      `secrets: "${secret}" has no value. Set ${secretVariable(secret)}, or add "${secret}" to ${options.folder.secrets}.`,
    );
  }

  function answerTo(target: string, body: string): Answer {
    switch (target) {
      case 'AWSEvents.PutEvents':
        return { status: 200, type: JSON_TYPE, body: JSON.stringify(putEvents(JSON.parse(body))) };
      case 'AmazonSSM.GetParameters':
        return { status: 200, type: JSON_TYPE, body: JSON.stringify(parameters(JSON.parse(body))) };
      case 'secretsmanager.GetSecretValue':
        return { status: 200, type: JSON_TYPE, body: JSON.stringify(secretValue(JSON.parse(body))) };
      case '':
        return { status: 200, type: 'text/xml', body: publishedXml(publish(new URLSearchParams(body))) };
      default:
        throw new AwsFault('UnknownOperationException', `${target} does not exist on this machine`);
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = String(request.headers['x-amz-target'] ?? '');
    let answer: Answer;
    try {
      // Only signed requests of SDK clients come here; a page in a browser cannot make one without being asked first.
      if (
        request.method !== 'POST' ||
        !isForThisMachine(request.headers.host) ||
        request.headers.authorization === undefined
      ) {
        throw new AwsFault('MissingAuthenticationToken', 'Only signed POST requests from this machine are answered');
      }
      const body = await readBody(request, MAX_BODY_BYTES);
      if (body === null) throw new AwsFault('RequestEntityTooLarge', `At most ${MAX_BODY_BYTES} bytes`);
      answer = answerTo(target, body);
    } catch (error) {
      answer = refusal(target, error);
      if (answer.status === 500) options.report(`aws endpoint: ${oneLine(error)}`);
    }
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'content-length': Buffer.byteLength(answer.body),
    });
    response.end(answer.body);
  }

  const server = createServer((request, response) => void handle(request, response));
  const url = await listenOnLoopback(server, 0, 'Try again.');
  return { url, close: () => closeServer(server, CLOSE_WITHIN_MS) };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function refusal(target: string, error: unknown): Answer {
  const isJson = target !== '';
  const fault =
    error instanceof AwsFault
      ? error
      : new AwsFault(error instanceof SyntaxError ? 'SerializationException' : 'InternalFailure', oneLine(error));
  return {
    status: fault.code === 'InternalFailure' ? 500 : 400,
    type: isJson ? JSON_TYPE : 'text/xml',
    body: isJson ? JSON.stringify({ __type: fault.code, message: fault.message }) : faultXml(fault),
  };
}

function arrayIn(input: unknown, key: string): readonly unknown[] {
  const value = memberIn(input, key);
  return Array.isArray(value) ? value : [];
}

function memberIn(input: unknown, key: string): unknown {
  if (typeof input !== 'object' || input === null) return undefined;
  return Object.entries(input).find(([name]) => name === key)?.[1];
}

/** As EventBridge, which refuses single entries of a request that succeeds. */
function whatIsWrong(entry: unknown): AwsFault | null {
  const fields = new Map<string, unknown>(typeof entry === 'object' && entry !== null ? Object.entries(entry) : []);
  for (const required of ['Source', 'DetailType', 'Detail']) {
    const value = fields.get(required);
    if (typeof value !== 'string' || value === '') return new AwsFault('InvalidArgument', `${required} is missing`);
  }
  try {
    JSON.parse(String(fields.get('Detail')));
    return null;
  } catch {
    return new AwsFault('MalformedDetail', 'Detail is malformed.');
  }
}
