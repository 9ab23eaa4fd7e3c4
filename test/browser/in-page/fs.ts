/** What tests take of `node:fs`, in a page: files of the repository's tests, read from the test server at once. */

function request(method: string, url: URL | string): XMLHttpRequest {
  const xhr = new XMLHttpRequest();
  xhr.open(method, url, false);
  // Bytes arrive as characters of the same number.
  xhr.overrideMimeType('text/plain; charset=x-user-defined');
  xhr.send();
  return xhr;
}

export function readFileSync(url: URL | string, encoding?: string | { readonly encoding?: string }): unknown {
  const { status, responseText } = request('GET', url);
  if (status !== 200) throw new Error(`ENOENT: no such file or directory, open '${url}'`);
  const bytes = new Uint8Array(responseText.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = responseText.charCodeAt(i) & 0xff;
  return encoding === undefined ? bytes : new TextDecoder().decode(bytes);
}

export function existsSync(url: URL | string): boolean {
  return request('HEAD', url).status === 200;
}
