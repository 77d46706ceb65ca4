import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { listenToKeys } from '../../local/keyboard.ts';
import { renderNotification } from '../../local/notification-text.ts';
import { liveScreen, plainScreen, type Screen, type TerminalSize } from '../../local/screen.ts';

/** Obeys what `liveScreen` uses: newline, carriage return, "up", "erase below". Knows no other escape. */
class Terminal {
  size: TerminalSize = { columns: 40, rows: 12 };
  readonly rows: string[] = [''];
  #row = 0;

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are driven by them
    for (const [part, up] of text.matchAll(/\u001b\[(\d+)A|\u001b\[J|\u001b\[[\d;]*m|\r|\n|[^\u001b\r\n]+/g)) {
      if (up !== undefined) this.#row -= Number(up);
      else if (part === '\u001b[J') this.rows.splice(this.#row, Infinity, '');
      else if (part === '\n') this.#newline();
      else if (part !== '\r' && !part.startsWith('\u001b')) this.#put(part);
    }
  }

  #put(text: string): void {
    for (let at = 0; at < text.length; at += this.size.columns) {
      if (at > 0) this.#newline();
      this.rows[this.#row] += text.slice(at, at + this.size.columns);
    }
  }

  #newline(): void {
    this.#row += 1;
    if (this.#row === this.rows.length) this.rows.push('');
  }
}

function live(terminal: Terminal): Screen {
  const write = (text: string): void => terminal.write(text);
  return liveScreen({ stdout: write, stderr: write }, () => terminal.size, true);
}

describe('liveScreen', () => {
  it('replaces what it showed before', () => {
    const terminal = new Terminal();
    const screen = live(terminal);
    screen.show(['one', 'two', 'three']);
    screen.show(['four']);
    assert.deepEqual(terminal.rows, ['', 'four', '']);
  });

  it('keeps what happened above how things stand', () => {
    const terminal = new Terminal();
    const screen = live(terminal);
    screen.show(['state']);
    screen.say('first');
    screen.warn('second');
    assert.deepEqual(terminal.rows, ['first', 'second', '', 'state', '']);
  });

  it('cuts the middle out of what is higher than the terminal', () => {
    const terminal = new Terminal();
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    live(terminal).show(lines);
    assert.deepEqual(terminal.rows, [
      ...['', 'line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'line 5'],
      '… 21 more lines: make the window higher',
      ...['line 27', 'line 28', 'line 29', ''],
    ]);
  });

  it('erases lines that have wrapped since', () => {
    const terminal = new Terminal();
    const screen = live(terminal);
    terminal.size = { columns: 10, rows: 12 };
    screen.show(['x'.repeat(25)]);
    screen.show(['y']);
    assert.deepEqual(terminal.rows, ['', 'y', '']);
  });

  it('leaves the last state standing at its end', () => {
    const terminal = new Terminal();
    const screen = live(terminal);
    screen.show(['state']);
    screen.end();
    screen.say('bye');
    assert.deepEqual(terminal.rows, ['', 'state', 'bye', '']);
  });
});

describe('plainScreen', () => {
  it('writes no escape codes', () => {
    let text = '';
    const screen = plainScreen({ stdout: (part) => (text += part), stderr: () => {} });
    screen.show([screen.paint('bad', 'state')]);
    screen.say('said');
    assert.equal(text, '\nstate\nsaid\n');
  });
});

describe('renderNotification', () => {
  const plain = (_: string, text: string): string => text;
  const attributes = { severity: 'critical', kind: 'opened', monitor: 'checkout' };
  const base = { at: '2026-11-22T04:00:00.000Z', notificationId: 'n-1', attributes };

  it('shows an e-mail with its subject, and an SMS with its length', () => {
    const text = renderNotification(
      {
        ...base,
        subscribers: [
          { protocol: 'email', endpoint: 'a@acme.example', subject: 'DOWN', message: 'Line one\n\nLine two\n' },
          { protocol: 'email', endpoint: 'b@acme.example', subject: 'DOWN', message: 'Line one\n\nLine two\n' },
          { protocol: 'sms', endpoint: '+15555550100', message: 'DOWN!' },
        ],
      },
      60,
      plain,
    );
    assert.deepEqual(text, [
      '',
      '── notification · critical · opened · checkout · 04:00:00 U…',
      'E-mail to a@acme.example, b@acme.example',
      '  Subject: DOWN',
      '',
      '  Line one',
      '',
      '  Line two',
      '',
      'SMS to +15555550100',
      '  DOWN!  (5 characters)',
      '── nothing was sent ────────────────────────────────────────',
      '',
    ]);
  });

  it('says so where nobody would get it', () => {
    assert.match(renderNotification({ ...base, subscribers: [] }, 80, plain).join('\n'), /Nobody would get it/);
  });

  it('prints nothing that a terminal would obey', () => {
    const message = 'a\u001b[2Jb\u0007';
    const subscribers = [{ protocol: 'email', endpoint: 'a@acme.example', subject: message, message } as const];
    const text = renderNotification({ ...base, subscribers }, 80, plain).join('\n');
    assert.equal(text.includes('\u001b') || text.includes('\u0007'), false);
  });
});

describe('listenToKeys', () => {
  function keyboard() {
    const modes: boolean[] = [];
    const source = Object.assign(new PassThrough(), { setRawMode: (mode: boolean) => modes.push(mode) });
    return { source, modes };
  }

  it('presses the key that was typed, and no other', () => {
    const { source } = keyboard();
    const pressed: string[] = [];
    const keys = ['1', '2'].map((key) => ({ key, does: key, press: () => pressed.push(key) }));
    listenToKeys(source, keys, () => {});
    source.emit('data', Buffer.from('x2'));
    assert.deepEqual(pressed, ['2']);
  });

  it('makes an interrupt of Ctrl-C, which raw mode takes from the terminal', () => {
    const { source } = keyboard();
    let interrupts = 0;
    listenToKeys(source, [], () => (interrupts += 1));
    source.emit('data', Buffer.from('\u0003'));
    assert.equal(interrupts, 1);
  });

  it('gives the terminal back as it was', () => {
    const { source, modes } = keyboard();
    listenToKeys(source, [], () => {})();
    assert.deepEqual(modes, [true, false]);
  });
});
