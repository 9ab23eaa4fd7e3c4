/** What tests take of `node:v8`, in a page: the browser was started with the flags that they ask for. */
export function setFlagsFromString(): void {}
