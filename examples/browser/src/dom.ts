/** Short words for what the page does with its elements. What the elements show is for the others. */

/** The element with an id. Throws where the page has none of that kind. */
export function byId<T extends HTMLElement = HTMLElement>(id: string, type?: new () => T): T {
  const element = document.getElementById(id);
  if (!element || (type && !(element instanceof type))) throw new Error(`The page has no #${id} of that kind.`);
  return element as T;
}

/** A new element with a class and content; text is taken as text. */
export function make(tag: string, className = '', ...content: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

/** Runs an action whenever a button is pressed; it cannot be pressed again before the action is over. */
export function onPress(id: string, action: () => unknown): HTMLButtonElement {
  const button = byId(id, HTMLButtonElement);
  button.addEventListener('click', async () => {
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    try {
      await action();
    } finally {
      button.ariaBusy = 'false';
    }
  });
  return button;
}

/** A number of bytes in words. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
