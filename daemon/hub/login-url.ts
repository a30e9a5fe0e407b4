/** The address that logs a browser in: what stands behind # is never sent to a server. @param url without a slash at its end */
export function loginUrl(url: string, token: string): string {
  return `${url}/#token=${encodeURIComponent(token)}`;
}
