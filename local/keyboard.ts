/** What a key does; shown in the footer. */
export interface Key {
  readonly key: string;
  readonly does: string;
  readonly press: () => void;
}

/** The part of a terminal's `ReadStream` that is used here. */
export interface KeySource {
  setRawMode(mode: boolean): unknown;
  on(event: 'data', listener: (data: Buffer) => void): unknown;
  off(event: 'data', listener: (data: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

/** Reads single keys from a terminal. Returns how to give the terminal back as it was. */
export function listenToKeys(terminal: KeySource, keys: readonly Key[], interrupt: () => void): () => void {
  const onData = (data: Buffer): void => {
    for (const character of data.toString('utf8')) {
      // In raw mode the terminal does not make a signal of it.
      if (character === CTRL_C || character === CTRL_D) interrupt();
      else keys.find(({ key }) => key === character)?.press();
    }
  };
  terminal.setRawMode(true);
  terminal.on('data', onData);
  terminal.resume();
  return () => {
    terminal.off('data', onData);
    terminal.setRawMode(false);
    terminal.pause();
  };
}
