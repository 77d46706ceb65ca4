import { captureNames } from '../../shared/definition/templates.ts';
import {
  CLEANUP_FAILURES_METRIC,
  type FlowMonitor,
  type FlowStep,
  type HttpMonitor,
  stepMetric,
} from '../../shared/monitor.ts';
import type { Secret } from '../../shared/secret-member.ts';
import { requestTexts } from '../../shared/target.ts';
import type { Attempt, Found } from './attempt.ts';
import { compileCaptures } from './capture.ts';
import { namesCompared, withCaptured } from './captured-expectations.ts';
import { CookieJar } from './cookie-jar.ts';
import { withinDeadline } from './deadline.ts';
import { errorMessage, type Failure, failed, inconclusive, isFailure } from './failure.ts';
import { compileResponseTime, failureOf } from './findings.ts';
import { checkHttp, type Session } from './http-check.ts';
import { perMonitor } from './per-monitor.ts';
import { capturedName, leadsElsewhere, placeholderNames } from './secrets.ts';
import { Trace } from './trace.ts';

/**
 * Makes the requests of a flow, each once the one before it was answered as expected.
 *
 * ```
 * timeout   ├──────────────────────────────────────────────────────┤
 * steps     ├─ login ─┤├─ order ─┤├─ pay ─✗                  │
 * clean-up                              ├─ cancel ─┤├─ logout ─┤     its part is kept for it
 * total     └─────────┘└─────────┘└───────┘
 * ```
 * The total is the steps' together. Phases, status, redirects, address and certificate are of the last step made.
 */
export async function checkFlow(attempt: Attempt<FlowMonitor>): Promise<Found> {
  const { prober, monitor, trace, redaction } = attempt;
  const { timeoutMs } = monitor;
  const { clock } = prober;
  const flow = compiled(monitor);
  const run: Run = { flow, jar: new CookieJar(), captured: new Map(), metrics: {} };
  if (flow.cleanup.length === 0) return { failure: await makeSteps(attempt, run), metrics: run.metrics };

  const endMs = clock.monotonicMs() + timeoutMs;
  const stepsMs = timeoutMs - cleanupReserveMs(timeoutMs);
  let failure: Failure | null;
  try {
    const made = await withinDeadline(clock, stepsMs, trace, async () => ({ failure: await makeSteps(attempt, run) }));
    failure = isFailure(made) ? made : made.failure;
  } catch (error) {
    failure = inconclusive(`the prober failed: ${errorMessage(error)}`, trace.phase);
  }
  trace.finish();
  trace.endStep(failure);
  const uncleaned = await makeCleanup(attempt, run, endMs);
  const note = uncleaned.map(({ name, why }) => `; clean-up "${name}" failed too: ${redaction.redact(why)}`).join('');
  return {
    failure: failure === null ? null : { ...failure, detail: `${failure.detail}${note}` },
    metrics: { ...run.metrics, [CLEANUP_FAILURES_METRIC]: uncleaned.length },
  };
}

/** What is kept of a timeout for the clean-up: a quarter of it, at most 5 s. */
function cleanupReserveMs(timeoutMs: number): number {
  return Math.min(timeoutMs / 4, 5_000);
}

/** So much sooner than the check's own deadline the clean-up's strikes: it must never be the check that runs out of time. */
const CLEANUP_MARGIN_MS = 20;

/** Less is not enough for a connection, a request and its answer. */
const MIN_CLEANUP_MS = 10;

/** What one run of a flow has come to. */
interface Run {
  readonly flow: Compiled;
  readonly jar: CookieJar;
  /** By name, as they were captured. */
  readonly captured: Map<string, string | number | boolean>;
  readonly metrics: Record<string, number>;
}

async function makeSteps(attempt: Attempt<FlowMonitor>, run: Run): Promise<Failure | null> {
  const { trace, redaction } = attempt;
  for (const [index, step] of run.flow.steps.entries()) {
    trace.beginStep(step.name);
    trace.place = `step ${index + 1} "${step.name}": `;
    const { failure, metrics } = await makeStep(attempt, run, step);
    // The deadline has struck, and what this step came to was told without it.
    if (trace.isOver) return null;
    Object.assign(run.metrics, metrics);
    if (failure !== null) return { ...failure, detail: `${trace.place}${failure.detail}` };
    run.metrics[stepMetric(step.name)] = trace.stepMs ?? 0;
    trace.endStep(null);
  }
  trace.place = '';
  const late = run.flow.responseTime(trace.totalMs ?? 0);
  return failureOf([], late, redaction.redact);
}

async function makeCleanup(
  attempt: Attempt<FlowMonitor>,
  run: Run,
  endMs: number,
): Promise<readonly { readonly name: string; readonly why: string }[]> {
  const { clock } = attempt.prober;
  const failures: { name: string; why: string }[] = [];
  const isReady = (step: CompiledStep) => [...step.sends, ...step.compares].every((name) => run.captured.has(name));
  for (const [index, step] of run.flow.cleanup.entries()) {
    // Where the step that creates was never reached, there is nothing to remove.
    if (!isReady(step)) continue;
    // In equal parts: one that hangs must not keep the others from being made.
    const steps = 1 + run.flow.cleanup.slice(index + 1).filter(isReady).length;
    const leftMs = (endMs - CLEANUP_MARGIN_MS - clock.monotonicMs()) / steps;
    const trace = new Trace(clock);
    const failure = await cleanedUp(attempt, run, step, leftMs, trace);
    trace.finish();
    attempt.trace.steps?.push(trace.stepResult(step.name, true, failure));
    if (failure !== null) failures.push({ name: step.name, why: failure.detail });
    else run.metrics[stepMetric(step.name)] = trace.totalMs ?? 0;
  }
  return failures;
}

/** Why a clean-up step did not pass; null when it did. Never rejects: whatever becomes of it, the next one is made. */
async function cleanedUp(
  attempt: Attempt<FlowMonitor>,
  run: Run,
  step: CompiledStep,
  leftMs: number,
  trace: Trace,
): Promise<Failure | null> {
  if (leftMs < MIN_CLEANUP_MS) return failed('timeout', null, 'no time was left');
  try {
    const { clock } = attempt.prober;
    const found = await withinDeadline(clock, leftMs, trace, () => makeStep({ ...attempt, trace }, run, step));
    if (isFailure(found)) return found;
    if (found.failure === null) Object.assign(run.metrics, found.metrics);
    return found.failure;
  } catch (error) {
    return inconclusive(`the prober failed: ${errorMessage(error)}`, trace.phase);
  }
}

async function makeStep(attempt: Attempt<FlowMonitor>, run: Run, step: CompiledStep): Promise<Found> {
  const captured = new Map(
    [...run.captured].map(([name, value]): [string, Secret] => [capturedName(name), { value: String(value) }]),
  );
  const unsendable = Object.entries(step.monitor.request.headers).find(([, value]) =>
    placeholderNames([value]).some((name) => !HEADER_VALUE.test(capturedText(captured.get(name)))),
  );
  if (unsendable !== undefined) {
    const detail = `header ${unsendable[0]} cannot carry what an earlier step captured: it is not Latin-1`;
    return { failure: failed('expectation', null, detail), metrics: {} };
  }
  const secrets = new Map([...attempt.secrets, ...captured]);
  const { url } = step.monitor.request;
  if (captureNames(url).length > 0 && leadsElsewhere(url, secrets)) {
    const detail = 'the path of the url cannot carry what an earlier step captured: "." and ".." lead to another path';
    return { failure: failed('expectation', null, detail), metrics: {} };
  }
  const { clock } = attempt.prober;
  const session: Session = {
    cookiesFor: (url) => run.jar.header(url, clock.epochMs()),
    answered: (url, headers) => {
      const kept = run.jar.keep(url, headers['set-cookie'] ?? [], clock.epochMs());
      for (const value of kept) attempt.redaction.hidePart(value);
    },
    passed: (evidence) => {
      const found = step.capture(evidence);
      if (isFailure(found)) return found;
      for (const [name, value] of found) {
        run.captured.set(name, value);
        attempt.redaction.hidePart(String(value));
      }
      return null;
    },
  };
  // Its conditions are compiled anew for each check that compares with what it has captured, and for no other.
  const monitor =
    step.compares.length === 0
      ? step.monitor
      : { ...step.monitor, expect: withCaptured(step.monitor.expect, run.captured) };
  return checkHttp({ ...attempt, monitor, secrets }, session);
}

/** What node:http lets into a header. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function capturedText(secret: Secret | undefined): string {
  return secret !== undefined && 'value' in secret ? secret.value : '';
}

interface CompiledStep {
  readonly name: string;
  /** The step as a monitor of its own. */
  readonly monitor: HttpMonitor;
  readonly capture: ReturnType<typeof compileCaptures>;
  /** Names of captured values that its request holds. */
  readonly sends: readonly string[];
  /** Names of captured values that its expectations hold. */
  readonly compares: readonly string[];
}

interface Compiled {
  readonly steps: readonly CompiledStep[];
  readonly cleanup: readonly CompiledStep[];
  readonly responseTime: ReturnType<typeof compileResponseTime>;
}

const compiled = perMonitor((monitor: FlowMonitor): Compiled => {
  const compileStep = ({ name, request, expect, capture, metrics }: FlowStep): CompiledStep => {
    const { steps: _steps, cleanup: _cleanup, ...base } = monitor;
    return {
      name,
      monitor: { ...base, type: 'http', request, expect, metrics },
      capture: compileCaptures(capture),
      sends: [...new Set(requestTexts(request).flatMap(captureNames))],
      compares: namesCompared(expect),
    };
  };
  return {
    steps: monitor.steps.map(compileStep),
    cleanup: monitor.cleanup.map(compileStep),
    responseTime: compileResponseTime(monitor.expect.responseTimeMs),
  };
});
