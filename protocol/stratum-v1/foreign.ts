/** Bytes that `recognizeForeign` looks at. */
export const FOREIGN_HEAD_BYTES = 8;

const ascii = (text: string): readonly number[] => [...text].map((char) => char.charCodeAt(0));

/** First bytes of things that listen on ports people mistake for a Stratum server's. */
const SIGNATURES: readonly { readonly what: string; readonly bytes: readonly number[] }[] = [
  { what: 'an HTTP server (wrong port?)', bytes: ascii('HTTP/') },
  { what: 'a web page (wrong port?)', bytes: ascii('<') },
  { what: 'a TLS server (use stratum+ssl://)', bytes: [0x15, 0x03] },
  { what: 'a TLS server (use stratum+ssl://)', bytes: [0x16, 0x03] },
  { what: 'an SSH server (wrong port?)', bytes: ascii('SSH-') },
];

/** What the first bytes of a connection belong to when it is certainly not Stratum, in plain words; else null. */
export function recognizeForeign(head: Uint8Array): string | null {
  const found = SIGNATURES.find(({ bytes }) => bytes.length <= head.length && bytes.every((byte, i) => head[i] === byte));
  return found?.what ?? null;
}
