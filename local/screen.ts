import type { Paint, Tone } from './comparison.ts';
import { clip, displayWidth } from './text-width.ts';

/** Where a run speaks: what happened scrolls by, and how things stand is shown below it, or from time to time. */
export interface Screen {
  readonly paint: Paint;
  readonly columns: () => number;
  /** How many lines can be shown at once. */
  readonly rows: () => number;
  /** Something that happened; stays. Without a newline at its end. */
  say(text: string): void;
  /** A trouble; goes to stderr. */
  warn(text: string): void;
  /** How things stand now; replaces what was shown before where that is possible. */
  show(lines: readonly string[]): void;
  /** Nothing more will be shown in place. */
  end(): void;
}

export interface Streams {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Nothing has to fit there, but people read it. */
const PLAIN_COLUMNS = 160;

/** For pipes, files and CI: text without escape codes. */
export function plainScreen({ stdout, stderr }: Streams): Screen {
  return {
    paint: (_, text) => text,
    columns: () => PLAIN_COLUMNS,
    rows: () => Number.POSITIVE_INFINITY,
    say: (text) => stdout(`${text}\n`),
    warn: (text) => stderr(`${text}\n`),
    show: (lines) => stdout(`\n${lines.join('\n')}\n`),
    end: () => {},
  };
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * For terminals: the state stands at the bottom and is redrawn in place; what is said goes above it.
 * Uses nothing but "up", "erase below" and colours, which every terminal since the VT100 knows.
 */
export function liveScreen({ stdout, stderr }: Streams, size: () => TerminalSize, coloured: boolean): Screen {
  let shown: readonly string[] = [];

  const erase = (): void => {
    const { columns } = size();
    // A line that is wider than the terminal has become since it was drawn takes several rows now.
    const rows = shown.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(visibleWidth(line) / Math.max(1, columns))),
      0,
    );
    if (rows > 0) stdout(`\r\u001b[${rows}A\u001b[J`);
  };
  // The cursor stands below the last line, and the first one is empty.
  const room = (): number => Math.max(3, size().rows - 2);
  const draw = (lines: readonly string[]): void => {
    shown = cutToHeight(lines, room() + 1);
    stdout(shown.map((line) => `${line}\n`).join(''));
  };
  const above = (write: (text: string) => void, text: string): void => {
    erase();
    write(`${text}\n`);
    draw(shown);
  };

  return {
    paint: coloured ? paintAnsi : (_, text) => text,
    columns: () => size().columns,
    rows: room,
    say: (text) => above(stdout, text),
    warn: (text) => above(stderr, text),
    show: (lines) => {
      erase();
      draw(['', ...lines]);
    },
    end: () => {
      shown = [];
    },
  };
}

/** What is higher than the terminal could not be erased again. The middle goes: incidents and keys stand at the end. */
function cutToHeight(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  const tail = Math.min(6, Math.floor(rows / 3));
  const head = rows - tail - 1;
  const hidden = lines.length - head - tail;
  return [
    ...lines.slice(0, head),
    `… ${hidden} more lines: make the window higher`,
    ...lines.slice(lines.length - tail),
  ];
}

/** @see ECMA-48, SGR. */
const SGR: Readonly<Record<Tone, string>> = { good: '32', warn: '33', bad: '1;31', quiet: '2', strong: '1' };

function paintAnsi(tone: Tone, text: string): string {
  return `\u001b[${SGR[tone]}m${text}\u001b[0m`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what paintAnsi puts in
const PAINTED = /\u001b\[[\d;]*m/g;

function visibleWidth(line: string): number {
  return displayWidth(line.replace(PAINTED, ''));
}

/** A line across the screen, with a title in it. */
export function rule(title: string, columns: number): string {
  const text = clip(`── ${title} `, columns);
  return text + '─'.repeat(Math.max(0, Math.min(columns, 100) - displayWidth(text)));
}
