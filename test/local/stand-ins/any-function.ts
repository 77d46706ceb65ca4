/** A handler that does as its event says. */
interface Order {
  readonly do: 'echo' | 'throw' | 'die' | 'hang' | 'spin' | 'environment' | 'log';
  readonly text?: string;
}

let calls = 0;

export async function handler(order: Order, context: { readonly functionName: string }): Promise<unknown> {
  calls += 1;
  switch (order.do) {
    case 'echo':
      return { text: order.text, calls, functionName: context.functionName, dropped: undefined };
    case 'throw':
      throw new Error('as ordered');
    case 'die':
      setImmediate(() => {
        throw new Error('uncaught, as ordered');
      });
      return new Promise(() => {});
    case 'hang':
      return new Promise(() => {});
    case 'spin':
      for (;;);
    case 'environment':
      return process.env;
    case 'log':
      console.log(order.text);
      return null;
  }
}
