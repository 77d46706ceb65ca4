/** One event that a stream dispatched. */
export interface StreamEvent {
  /** `message` where the stream names none. */
  readonly type: string;
  readonly data: string;
}

/**
 * Reads an event stream as it comes in, by the WHATWG's grammar: lines end in LF, CR or CRLF, a blank line dispatches,
 * a comment or a field that nobody knows is passed over. `id` and `retry` are for reconnecting, and no check reconnects.
 *
 * Each byte is looked at once, however small the pieces; what is held is at most what came. Who feeds it bounds that.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventStream {
  /** Bytes that are not UTF-8 become U+FFFD, and a byte order mark at the start goes, as the standard says. */
  readonly #decoder = new TextDecoder();
  /** Pieces of the line that has not ended. */
  #line: string[] = [];
  #type = '';
  #data: string[] = [];
  /** The last piece ended in CR: an LF at the start of the next one belongs to it. */
  #endedInCr = false;

  /** The events that these bytes complete. */
  push(bytes: Uint8Array): readonly StreamEvent[] {
    const events: StreamEvent[] = [];
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return events;
    let start = this.#endedInCr && text.startsWith('\n') ? 1 : 0;
    this.#endedInCr = text.endsWith('\r');
    LINE_END.lastIndex = start;
    for (let end = LINE_END.exec(text); end !== null; end = LINE_END.exec(text)) {
      const tail = text.slice(start, end.index);
      const line = this.#line.length === 0 ? tail : this.#line.join('') + tail;
      this.#line = [];
      start = LINE_END.lastIndex;
      const event = this.#endLine(line);
      if (event !== null) events.push(event);
    }
    if (start < text.length) this.#line.push(text.slice(start));
    return events;
  }

  /** Whether an event has begun that no blank line has ended: a browser would drop it. */
  get isUnfinished(): boolean {
    return this.#data.length > 0 || this.#line.length > 0;
  }

  #endLine(line: string): StreamEvent | null {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    if (name === 'event') this.#type = value;
    return null;
  }

  #dispatch(): StreamEvent | null {
    const type = this.#type === '' ? 'message' : this.#type;
    const data = this.#data.join('\n');
    const hasData = this.#data.length > 0;
    this.#type = '';
    this.#data = [];
    return hasData ? { type, data } : null;
  }
}

const LINE_END = /\r\n|\r|\n/g;
